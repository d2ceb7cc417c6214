// Flex Consumption: nothing runs, and nothing is paid, between two messages. It may start several
// instances; the gate in the database keeps the pace then, at the price of some waiting.
param location string
param token string
param tags object
param maximumInstances int
param pythonVersion string
param identityId string
param subnetId string
param packageContainer string
param settings object

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  // checkov:skip=CKV_AZURE_225:Zones would keep instances always ready, which this plan is chosen to do without.
  name: 'plan-parcferme-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  // checkov:skip=CKV_AZURE_212:Flex Consumption has no instances of its own that could be counted.
  // checkov:skip=CKV_AZURE_17:Callers are the product's servers and people with a key, none of whom has a client certificate.
  // checkov:skip=CKV_AZURE_222:Its doors are for the product's servers, wherever they run; every one but the sign of life asks for a key.
  // checkov:skip=CKV_AZURE_78:This plan has no FTP that could be turned off.
  // checkov:skip=CKV_AZURE_213:The platform watches instances of this plan itself.
  name: 'func-parcferme-${token}'
  location: location
  tags: union(tags, {
    'azd-service-name': 'ingestion'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainer
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstances
        instanceMemoryMB: 2048
      }
      runtime: {
        name: 'python'
        version: pythonVersion
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
      // This plan refuses settings that name runtime or build: functionAppConfig has them.
      appSettings: [for setting in items(settings): {
        name: setting.key
        value: setting.value
      }]
    }
  }
}

resource noPasswordForZip 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noPasswordForFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

output name string = app.name
