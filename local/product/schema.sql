-- The product's tables as its API's migrations leave them at 20260110112536, for a database without any.
-- In production they belong to that API, and this project never alters them.
-- The facts known of it end at that number: the name behind it is ours, and no EF migration runs here.
-- Racing tables: column by column, key by key. Users' tables: what hangs on racing data, and how.

CREATE TABLE "__EFMigrationsHistory" (
    "MigrationId" character varying(150) NOT NULL,
    "ProductVersion" character varying(32) NOT NULL,
    CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY ("MigrationId")
);
INSERT INTO "__EFMigrationsHistory" VALUES ('20260110112536_LocalStack', '9.0.0');

CREATE TABLE "Series" (
    "Id" uuid NOT NULL,
    "Name" text NOT NULL,
    "Slug" text NOT NULL,
    "LogoUrl" text,
    "BrandColors" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "GoverningBody" text,
    "UIOrder" integer,
    CONSTRAINT "PK_Series" PRIMARY KEY ("Id")
);
CREATE UNIQUE INDEX "IX_Series_Slug" ON "Series" ("Slug");

CREATE TABLE "SeriesAliases" (
    "Id" uuid NOT NULL,
    "SeriesId" uuid NOT NULL,
    "AliasName" text NOT NULL,
    "AliasSlug" text NOT NULL,
    "LogoUrl" text,
    "ValidFrom" date,
    "ValidUntil" date,
    "Source" text,
    CONSTRAINT "PK_SeriesAliases" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_SeriesAliases_Series_SeriesId" FOREIGN KEY ("SeriesId")
        REFERENCES "Series" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_SeriesAliases_SeriesId_AliasSlug" ON "SeriesAliases" ("SeriesId", "AliasSlug");
CREATE INDEX "IX_SeriesAliases_AliasSlug" ON "SeriesAliases" ("AliasSlug");

CREATE TABLE "Seasons" (
    "Id" uuid NOT NULL,
    "SeriesId" uuid NOT NULL,
    "Year" integer NOT NULL,
    CONSTRAINT "PK_Seasons" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_Seasons_Series_SeriesId" FOREIGN KEY ("SeriesId")
        REFERENCES "Series" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_Seasons_SeriesId_Year" ON "Seasons" ("SeriesId", "Year");

CREATE TABLE "Circuits" (
    "Id" uuid NOT NULL,
    "Name" text NOT NULL,
    "Slug" text NOT NULL,
    "Location" text NOT NULL,
    "Country" text NOT NULL,
    "CountryCode" text,
    "LayoutMapUrl" text,
    "Latitude" double precision,
    "Longitude" double precision,
    "LengthMeters" integer,
    "Altitude" integer,
    "WikipediaUrl" text,
    "TrackType" text,
    "TrackStatus" text,
    "OpenedYear" integer,
    CONSTRAINT "PK_Circuits" PRIMARY KEY ("Id")
);
CREATE UNIQUE INDEX "IX_Circuits_Slug" ON "Circuits" ("Slug");

CREATE TABLE "CircuitAliases" (
    "Id" uuid NOT NULL,
    "CircuitId" uuid NOT NULL,
    "AliasName" text NOT NULL,
    "AliasSlug" text NOT NULL,
    "ValidFrom" date,
    "ValidUntil" date,
    "Source" text,
    CONSTRAINT "PK_CircuitAliases" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_CircuitAliases_Circuits_CircuitId" FOREIGN KEY ("CircuitId")
        REFERENCES "Circuits" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_CircuitAliases_CircuitId_AliasSlug" ON "CircuitAliases" ("CircuitId", "AliasSlug");
CREATE INDEX "IX_CircuitAliases_AliasSlug" ON "CircuitAliases" ("AliasSlug");

CREATE TABLE "Grandstands" (
    "Id" uuid NOT NULL,
    "CircuitId" uuid NOT NULL,
    "Name" text NOT NULL,
    "Description" text,
    CONSTRAINT "PK_Grandstands" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_Grandstands_Circuits_CircuitId" FOREIGN KEY ("CircuitId")
        REFERENCES "Circuits" ("Id") ON DELETE CASCADE
);
CREATE INDEX "IX_Grandstands_CircuitId" ON "Grandstands" ("CircuitId");

CREATE TABLE "Rounds" (
    "Id" uuid NOT NULL,
    "SeasonId" uuid NOT NULL,
    "CircuitId" uuid NOT NULL,
    "Name" text NOT NULL,
    "Slug" text NOT NULL,
    "RoundNumber" integer NOT NULL,
    "DateStart" date NOT NULL,
    "DateEnd" date NOT NULL,
    "OpenF1MeetingKey" integer,
    "ErgastRaceId" integer,
    "WikipediaUrl" text,
    CONSTRAINT "PK_Rounds" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_Rounds_Seasons_SeasonId" FOREIGN KEY ("SeasonId")
        REFERENCES "Seasons" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_Rounds_Circuits_CircuitId" FOREIGN KEY ("CircuitId")
        REFERENCES "Circuits" ("Id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "IX_Rounds_Slug" ON "Rounds" ("Slug");
CREATE INDEX "IX_Rounds_OpenF1MeetingKey" ON "Rounds" ("OpenF1MeetingKey");
CREATE INDEX "IX_Rounds_SeasonId" ON "Rounds" ("SeasonId");
CREATE INDEX "IX_Rounds_CircuitId" ON "Rounds" ("CircuitId");

CREATE TABLE "Sessions" (
    "Id" uuid NOT NULL,
    "RoundId" uuid NOT NULL,
    "Type" integer NOT NULL,
    "StartTimeUtc" timestamp with time zone NOT NULL,
    "Status" integer NOT NULL,
    "OpenF1SessionKey" integer,
    CONSTRAINT "PK_Sessions" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_Sessions_Rounds_RoundId" FOREIGN KEY ("RoundId")
        REFERENCES "Rounds" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_Sessions_OpenF1SessionKey" ON "Sessions" ("OpenF1SessionKey");
CREATE INDEX "IX_Sessions_RoundId" ON "Sessions" ("RoundId");

CREATE TABLE "Drivers" (
    "Id" uuid NOT NULL,
    "FirstName" text NOT NULL,
    "LastName" text NOT NULL,
    "Slug" text NOT NULL,
    "Abbreviation" text,
    "Nationality" text,
    "HeadshotUrl" text,
    "DriverNumber" integer,
    "OpenF1DriverNumber" integer,
    "DateOfBirth" date,
    "WikipediaUrl" text,
    "Nickname" text,
    "PlaceOfBirth" text,
    CONSTRAINT "PK_Drivers" PRIMARY KEY ("Id")
);
CREATE UNIQUE INDEX "IX_Drivers_Slug" ON "Drivers" ("Slug");
CREATE INDEX "IX_Drivers_OpenF1DriverNumber" ON "Drivers" ("OpenF1DriverNumber");

CREATE TABLE "DriverAliases" (
    "Id" uuid NOT NULL,
    "DriverId" uuid NOT NULL,
    "AliasName" text NOT NULL,
    "AliasSlug" text NOT NULL,
    "SeriesId" uuid,
    "DriverNumber" integer,
    "ValidFrom" date,
    "ValidUntil" date,
    "Source" text,
    CONSTRAINT "PK_DriverAliases" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_DriverAliases_Drivers_DriverId" FOREIGN KEY ("DriverId")
        REFERENCES "Drivers" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_DriverAliases_Series_SeriesId" FOREIGN KEY ("SeriesId")
        REFERENCES "Series" ("Id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "IX_DriverAliases_DriverId_AliasSlug" ON "DriverAliases" ("DriverId", "AliasSlug");
CREATE INDEX "IX_DriverAliases_AliasSlug" ON "DriverAliases" ("AliasSlug");
CREATE INDEX "IX_DriverAliases_SeriesId" ON "DriverAliases" ("SeriesId");

CREATE TABLE "Teams" (
    "Id" uuid NOT NULL,
    "Name" text NOT NULL,
    "Slug" text NOT NULL,
    "ShortName" text,
    "LogoUrl" text,
    "PrimaryColor" text,
    "Nationality" text,
    "WikipediaUrl" text,
    CONSTRAINT "PK_Teams" PRIMARY KEY ("Id")
);
CREATE UNIQUE INDEX "IX_Teams_Slug" ON "Teams" ("Slug");

CREATE TABLE "TeamAliases" (
    "Id" uuid NOT NULL,
    "TeamId" uuid NOT NULL,
    "AliasName" text NOT NULL,
    "AliasSlug" text NOT NULL,
    "SeriesId" uuid,
    "ValidFrom" date,
    "ValidUntil" date,
    "Source" text,
    CONSTRAINT "PK_TeamAliases" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_TeamAliases_Teams_TeamId" FOREIGN KEY ("TeamId")
        REFERENCES "Teams" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_TeamAliases_Series_SeriesId" FOREIGN KEY ("SeriesId")
        REFERENCES "Series" ("Id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "IX_TeamAliases_TeamId_AliasSlug" ON "TeamAliases" ("TeamId", "AliasSlug");
CREATE INDEX "IX_TeamAliases_AliasSlug" ON "TeamAliases" ("AliasSlug");
CREATE INDEX "IX_TeamAliases_SeriesId" ON "TeamAliases" ("SeriesId");

CREATE TABLE "Entrants" (
    "Id" uuid NOT NULL,
    "RoundId" uuid NOT NULL,
    "DriverId" uuid NOT NULL,
    "TeamId" uuid NOT NULL,
    "Role" integer NOT NULL DEFAULT 0,
    CONSTRAINT "PK_Entrants" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_Entrants_Rounds_RoundId" FOREIGN KEY ("RoundId")
        REFERENCES "Rounds" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_Entrants_Drivers_DriverId" FOREIGN KEY ("DriverId")
        REFERENCES "Drivers" ("Id") ON DELETE RESTRICT,
    CONSTRAINT "FK_Entrants_Teams_TeamId" FOREIGN KEY ("TeamId")
        REFERENCES "Teams" ("Id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "IX_Entrants_RoundId_DriverId" ON "Entrants" ("RoundId", "DriverId");
CREATE INDEX "IX_Entrants_DriverId" ON "Entrants" ("DriverId");
CREATE INDEX "IX_Entrants_TeamId" ON "Entrants" ("TeamId");

CREATE TABLE "Results" (
    "Id" uuid NOT NULL,
    "SessionId" uuid NOT NULL,
    "EntrantId" uuid NOT NULL,
    "Position" integer,
    "GridPosition" integer,
    "Status" integer NOT NULL,
    "Points" double precision,
    "Time" interval,
    "Laps" integer,
    "FastestLap" boolean NOT NULL,
    "TimeMilliseconds" integer,
    "FastestLapNumber" integer,
    "FastestLapRank" integer,
    "FastestLapTime" text,
    "FastestLapSpeed" text,
    "StatusDetail" text,
    "Q1Time" text,
    "Q2Time" text,
    "Q3Time" text,
    "LapsLed" integer,
    "CarNumber" text,
    CONSTRAINT "PK_Results" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_Results_Sessions_SessionId" FOREIGN KEY ("SessionId")
        REFERENCES "Sessions" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_Results_Entrants_EntrantId" FOREIGN KEY ("EntrantId")
        REFERENCES "Entrants" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_Results_SessionId_EntrantId" ON "Results" ("SessionId", "EntrantId");
CREATE INDEX "IX_Results_EntrantId" ON "Results" ("EntrantId");

CREATE TABLE "PendingMatches" (
    "Id" uuid NOT NULL,
    "EntityType" integer NOT NULL,
    "IncomingName" text NOT NULL,
    "IncomingDataJson" jsonb,
    "CandidateEntityId" uuid,
    "CandidateEntityName" text,
    "MatchScore" numeric(5,4) NOT NULL,
    "SignalsJson" jsonb,
    "Source" text NOT NULL,
    "Status" integer NOT NULL,
    "ResolvedAt" timestamp with time zone,
    "ResolvedBy" text,
    "Resolution" integer,
    "ResolutionNotes" text,
    "CreatedAt" timestamp with time zone NOT NULL,
    CONSTRAINT "PK_PendingMatches" PRIMARY KEY ("Id")
);
CREATE INDEX "IX_PendingMatches_Status" ON "PendingMatches" ("Status");
CREATE INDEX "IX_PendingMatches_EntityType" ON "PendingMatches" ("EntityType");
CREATE INDEX "IX_PendingMatches_Source" ON "PendingMatches" ("Source");
CREATE INDEX "IX_PendingMatches_CreatedAt" ON "PendingMatches" ("CreatedAt");
CREATE INDEX "IX_PendingMatches_EntityType_Status" ON "PendingMatches" ("EntityType", "Status");

-- What users write. Ids of users are uuids, as everything's.

CREATE TABLE "AspNetUsers" (
    "Id" uuid NOT NULL,
    "UserName" text,
    "Email" text,
    "DisplayName" text,
    "SpoilerMode" integer NOT NULL DEFAULT 0,
    "MembershipTier" integer NOT NULL DEFAULT 0,
    "PrimarySeriesId" uuid,
    "CreatedAt" timestamp with time zone NOT NULL,
    CONSTRAINT "PK_AspNetUsers" PRIMARY KEY ("Id")
);

CREATE TABLE "UserFollows" (
    "Id" uuid NOT NULL,
    "FollowerId" uuid NOT NULL,
    "FolloweeId" uuid NOT NULL,
    "CreatedAt" timestamp with time zone NOT NULL,
    CONSTRAINT "PK_UserFollows" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_UserFollows_AspNetUsers_FollowerId" FOREIGN KEY ("FollowerId")
        REFERENCES "AspNetUsers" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_UserFollows_AspNetUsers_FolloweeId" FOREIGN KEY ("FolloweeId")
        REFERENCES "AspNetUsers" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_UserFollows_FollowerId_FolloweeId" ON "UserFollows" ("FollowerId", "FolloweeId");
CREATE INDEX "IX_UserFollows_FolloweeId" ON "UserFollows" ("FolloweeId");

CREATE TABLE "Logs" (
    "Id" uuid NOT NULL,
    "UserId" uuid NOT NULL,
    "SessionId" uuid NOT NULL,
    "StarRating" numeric(2,1),
    "ExcitementRating" integer,
    "Liked" boolean NOT NULL,
    "LoggedAt" timestamp with time zone NOT NULL,
    "DateWatched" date,
    "IsAttended" boolean NOT NULL,
    CONSTRAINT "PK_Logs" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_Logs_AspNetUsers_UserId" FOREIGN KEY ("UserId")
        REFERENCES "AspNetUsers" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_Logs_Sessions_SessionId" FOREIGN KEY ("SessionId")
        REFERENCES "Sessions" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_Logs_UserId_SessionId" ON "Logs" ("UserId", "SessionId");
CREATE INDEX "IX_Logs_SessionId" ON "Logs" ("SessionId");

CREATE TABLE "Reviews" (
    "Id" uuid NOT NULL,
    "LogId" uuid NOT NULL,
    "Body" text NOT NULL,
    "ContainsSpoilers" boolean NOT NULL,
    "Language" text,
    "CreatedAt" timestamp with time zone NOT NULL,
    "UpdatedAt" timestamp with time zone,
    CONSTRAINT "PK_Reviews" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_Reviews_Logs_LogId" FOREIGN KEY ("LogId")
        REFERENCES "Logs" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_Reviews_LogId" ON "Reviews" ("LogId");

CREATE TABLE "ReviewLikes" (
    "Id" uuid NOT NULL,
    "ReviewId" uuid NOT NULL,
    "UserId" uuid NOT NULL,
    "CreatedAt" timestamp with time zone NOT NULL,
    CONSTRAINT "PK_ReviewLikes" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_ReviewLikes_Reviews_ReviewId" FOREIGN KEY ("ReviewId")
        REFERENCES "Reviews" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_ReviewLikes_AspNetUsers_UserId" FOREIGN KEY ("UserId")
        REFERENCES "AspNetUsers" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_ReviewLikes_ReviewId_UserId" ON "ReviewLikes" ("ReviewId", "UserId");
CREATE INDEX "IX_ReviewLikes_UserId" ON "ReviewLikes" ("UserId");

CREATE TABLE "ReviewComments" (
    "Id" uuid NOT NULL,
    "ReviewId" uuid NOT NULL,
    "UserId" uuid NOT NULL,
    "Body" text NOT NULL,
    "CreatedAt" timestamp with time zone NOT NULL,
    CONSTRAINT "PK_ReviewComments" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_ReviewComments_Reviews_ReviewId" FOREIGN KEY ("ReviewId")
        REFERENCES "Reviews" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_ReviewComments_AspNetUsers_UserId" FOREIGN KEY ("UserId")
        REFERENCES "AspNetUsers" ("Id") ON DELETE CASCADE
);
CREATE INDEX "IX_ReviewComments_ReviewId" ON "ReviewComments" ("ReviewId");
CREATE INDEX "IX_ReviewComments_UserId" ON "ReviewComments" ("UserId");

CREATE TABLE "Experiences" (
    "Id" uuid NOT NULL,
    "LogId" uuid NOT NULL,
    "GrandstandId" uuid,
    "SeatDescription" text,
    "VenueRating" integer,
    "ViewRating" integer,
    "AccessRating" integer,
    "FacilitiesRating" integer,
    "AtmosphereRating" integer,
    CONSTRAINT "PK_Experiences" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_Experiences_Logs_LogId" FOREIGN KEY ("LogId")
        REFERENCES "Logs" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_Experiences_Grandstands_GrandstandId" FOREIGN KEY ("GrandstandId")
        REFERENCES "Grandstands" ("Id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "IX_Experiences_LogId" ON "Experiences" ("LogId");
CREATE INDEX "IX_Experiences_GrandstandId" ON "Experiences" ("GrandstandId");

CREATE TABLE "UserLists" (
    "Id" uuid NOT NULL,
    "UserId" uuid NOT NULL,
    "Title" text NOT NULL,
    "Description" text,
    "IsPublic" boolean NOT NULL,
    "CreatedAt" timestamp with time zone NOT NULL,
    CONSTRAINT "PK_UserLists" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_UserLists_AspNetUsers_UserId" FOREIGN KEY ("UserId")
        REFERENCES "AspNetUsers" ("Id") ON DELETE CASCADE
);
CREATE INDEX "IX_UserLists_UserId" ON "UserLists" ("UserId");

CREATE TABLE "ListItems" (
    "Id" uuid NOT NULL,
    "ListId" uuid NOT NULL,
    "SessionId" uuid NOT NULL,
    "ItemOrder" integer NOT NULL,
    "Comment" text,
    CONSTRAINT "PK_ListItems" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_ListItems_UserLists_ListId" FOREIGN KEY ("ListId")
        REFERENCES "UserLists" ("Id") ON DELETE CASCADE,
    CONSTRAINT "FK_ListItems_Sessions_SessionId" FOREIGN KEY ("SessionId")
        REFERENCES "Sessions" ("Id") ON DELETE CASCADE
);
CREATE INDEX "IX_ListItems_ListId" ON "ListItems" ("ListId");
CREATE INDEX "IX_ListItems_SessionId" ON "ListItems" ("SessionId");
