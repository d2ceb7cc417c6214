// Every application setting, once, for either plan. The names are those of the Settings class and
// of local.settings.json.example; what is not a parameter has the default it has there.
param identityName string
param identityClientId string
param databaseHost string
param databaseName string
param blobServiceUri string
param queueServiceUri string
param telemetryConnection string
param resultsEnabled bool
param thirdTurnEnabled bool
param wikiContact string
param openf1Username string
param openf1PasswordReference string
param openf1RequestsPerMinute int
param archiveUrl string

// The wheels of psycopg bring an OpenSSL that knows no authorities: it is told where the system's are.
var authorities = '/etc/ssl/certs/ca-certificates.crt'

var storage = {
  AzureWebJobsStorage__blobServiceUri: blobServiceUri
  AzureWebJobsStorage__queueServiceUri: queueServiceUri
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
}

var telemetry = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: telemetryConnection
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

// No password in it: an Entra token of this identity takes its place.
var app = {
  DATABASE_URL: 'postgresql://${identityName}@${databaseHost}:5432/${databaseName}?sslmode=verify-full&sslrootcert=${authorities}'
  DATABASE_CREDENTIAL: 'managedidentity'
  DATABASE_CLIENT_ID: identityClientId
  DATABASE_TIMEOUT_SECONDS: '30'
  DISCOVERY_SCHEDULE: '0 */15 * * * *'
  OPENF1_BASE_URL: 'https://api.openf1.org'
  OPENF1_REQUESTS_PER_MINUTE: string(openf1RequestsPerMinute)
  OPENF1_USERNAME: openf1Username
  OPENF1_PASSWORD: openf1PasswordReference
  OPENF1_TIMEOUT_SECONDS: '20'
  ARCHIVE_URL: archiveUrl
  THIRDTURN_ENABLED: thirdTurnEnabled ? 'true' : 'false'
  WIKI_CONTACT: wikiContact
  THIRDTURN_BASE_URL: 'https://www.thethirdturn.com'
  THIRDTURN_REQUESTS_PER_MINUTE: '20'
  RESULTS_ENABLED: resultsEnabled ? 'true' : 'false'
  RESULTS_EMBARGO_HOURS: '24'
}

output values object = union(storage, telemetry, app)
