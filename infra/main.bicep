// Parc Fermé ingestion on Azure: `azd up`, or `az deployment sub create`. docs/deploy.md says how.
// Plain Bicep: no module of a registry, no user-defined type, no lambda, so that it can be checked
// without Azure (pycep, checkov).
targetScope = 'subscription'

// What the plans below rely on in host.json: one message at a time, asked for often, given back soon.
metadata hostJson = '{"functionTimeout": "00:10:00", "dynamicConcurrencyEnabled": false, "batchSize": 1, "newBatchThreshold": 0, "maxPollingInterval": "00:00:02", "visibilityTimeout": "00:01:00", "maxDequeueCount": 10, "messageEncoding": "base64", "extensionBundle": "[4.*, 5.0.0)"}'

@description('Name of the environment: everything is named for it.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Region of everything.')
param location string

@description('dedicated: one warm instance, always. flex: scales to zero, and beyond one instance.')
@allowed([
  'dedicated'
  'flex'
])
param plan string = 'dedicated'

@description('Size of the dedicated plan; its single instance is the cap.')
@allowed([
  'B1'
  'B2'
  'B3'
  'P0v3'
  'P1v3'
])
param dedicatedSize string = 'B1'

@description('Most instances of the Flex Consumption plan, for each of its function groups.')
@minValue(1)
@maxValue(1000)
param flexMaximumInstances int = 1

@description('Python of the app.')
@allowed([
  '3.12'
  '3.13'
])
param pythonVersion string = '3.13'

@description('Host name of the product\'s PostgreSQL; empty makes a new Flexible Server.')
param existingDatabaseHost string = ''

@description('Name of the product\'s database.')
param databaseName string = 'parcferme'

@description('Object id of the Entra user, group or application that administers a new server.')
param databaseAdministratorId string = ''

@description('Name of that administrator, as Entra knows it.')
param databaseAdministratorName string = ''

@description('What that administrator is.')
@allowed([
  'User'
  'Group'
  'ServicePrincipal'
])
param databaseAdministratorType string = 'User'

@description('Whether a new server has no public address; it can\'t be changed later.')
param databaseIsPrivate bool = true

@description('Subnet for the app, delegated to its plan; empty makes a network. With it goes existingDatabaseHost, or databaseIsPrivate false.')
param existingSubnetId string = ''

@description('IPv4 addresses from which people reach Storage and Key Vault; nobody else does but the app.')
param operatorAddresses array = []

@description('Opt in to results, which are spoilers.')
param resultsEnabled bool = false

@description('Opt in to The Third Turn, whose licence is non-commercial; needs wikiContact.')
param thirdTurnEnabled bool = false

@description('Whom the wiki can turn to: an address of mail or web.')
param wikiContact string = ''

@description('Login of an OpenF1 subscription; empty: without one.')
param openf1Username string = ''

@description('Its password, kept in Key Vault; empty at a later deployment leaves the kept one.')
@secure()
param openf1Password string = ''

@description('Requests a minute that OpenF1 allows: 30, or 60 with a subscription.')
param openf1RequestsPerMinute int = empty(openf1Username) ? 30 : 60

@description('Where the Ergast archive is: https address, or blob:container/name.')
param archiveUrl string = ''

@description('Address of mail for alerts; empty: they only show in the portal.')
param alertEmail string = ''

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = {
  'azd-env-name': environmentName
}

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    location: location
    name: 'id-parcferme-${token}'
    tags: tags
  }
}

module network 'network.bicep' = if (empty(existingSubnetId)) {
  name: 'network'
  scope: group
  params: {
    location: location
    name: 'vnet-parcferme-${token}'
    tags: tags
    plan: plan
    withDatabase: empty(existingDatabaseHost) && databaseIsPrivate
  }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    publisherId: identity.outputs.principalId
  }
}

module storage 'storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    name: 'stparcferme${token}'
    tags: tags
    principalId: identity.outputs.principalId
    subnetId: empty(existingSubnetId) ? network.outputs.appSubnetId : existingSubnetId
    operatorAddresses: operatorAddresses
    resultsEnabled: resultsEnabled
  }
}

// Key Vault only for what has no identity: a password of OpenF1's.
module vault 'vault.bicep' = if (!empty(openf1Username)) {
  name: 'vault'
  scope: group
  params: {
    location: location
    name: 'kv-${token}'
    tags: tags
    principalId: identity.outputs.principalId
    subnetId: empty(existingSubnetId) ? network.outputs.appSubnetId : existingSubnetId
    operatorAddresses: operatorAddresses
    openf1Password: openf1Password
    workspaceId: monitoring.outputs.workspaceId
  }
}

module database 'database.bicep' = if (empty(existingDatabaseHost)) {
  name: 'database'
  scope: group
  params: {
    location: location
    name: 'psql-parcferme-${token}'
    tags: tags
    databaseName: databaseName
    subnetId: databaseIsPrivate ? network.outputs.databaseSubnetId : ''
    privateDnsZoneId: databaseIsPrivate ? network.outputs.databaseDnsZoneId : ''
    administratorId: databaseAdministratorId
    administratorName: databaseAdministratorName
    administratorType: databaseAdministratorType
    operatorAddresses: operatorAddresses
  }
}

module settings 'settings.bicep' = {
  name: 'settings'
  scope: group
  params: {
    identityName: identity.outputs.name
    identityClientId: identity.outputs.clientId
    databaseHost: empty(existingDatabaseHost) ? database.outputs.host : existingDatabaseHost
    databaseName: databaseName
    blobServiceUri: storage.outputs.blobServiceUri
    queueServiceUri: storage.outputs.queueServiceUri
    telemetryConnection: monitoring.outputs.connectionString
    resultsEnabled: resultsEnabled
    thirdTurnEnabled: thirdTurnEnabled
    wikiContact: wikiContact
    openf1Username: openf1Username
    openf1PasswordReference: empty(openf1Username) ? '' : vault.outputs.openf1PasswordReference
    openf1RequestsPerMinute: openf1RequestsPerMinute
    archiveUrl: archiveUrl
  }
}

module dedicated 'dedicated.bicep' = if (plan == 'dedicated') {
  name: 'dedicated'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    size: dedicatedSize
    pythonVersion: pythonVersion
    identityId: identity.outputs.id
    subnetId: empty(existingSubnetId) ? network.outputs.appSubnetId : existingSubnetId
    settings: settings.outputs.values
  }
}

module flex 'flex.bicep' = if (plan == 'flex') {
  name: 'flex'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    maximumInstances: flexMaximumInstances
    pythonVersion: pythonVersion
    identityId: identity.outputs.id
    subnetId: empty(existingSubnetId) ? network.outputs.appSubnetId : existingSubnetId
    packageContainer: storage.outputs.packageContainer
    settings: settings.outputs.values
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
    alertEmail: alertEmail
  }
}

module workbook 'workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = plan == 'flex' ? flex.outputs.name : dedicated.outputs.name
output IDENTITY_NAME string = identity.outputs.name
output IDENTITY_OBJECT_ID string = identity.outputs.principalId
output DATABASE_HOST string = empty(existingDatabaseHost) ? database.outputs.host : existingDatabaseHost
output STORAGE_ACCOUNT_NAME string = storage.outputs.name
