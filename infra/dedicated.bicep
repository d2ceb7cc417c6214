// One instance, always warm: the plan has no more, so nothing has to keep the app from scaling out.
param location string
param token string
param tags object
param size string
param pythonVersion string
param identityId string
param subnetId string
param settings object

var ofThisPlan = {
  FUNCTIONS_EXTENSION_VERSION: '~4'
  FUNCTIONS_WORKER_RUNTIME: 'python'
  // requirements.txt is installed where the app will run, by its Python.
  SCM_DO_BUILD_DURING_DEPLOYMENT: 'true'
  ENABLE_ORYX_BUILD: 'true'
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  // checkov:skip=CKV_AZURE_225:Zones need several instances of a dearer plan.
  name: 'plan-parcferme-${token}'
  location: location
  tags: tags
  kind: 'linux'
  sku: {
    name: size
    capacity: 1
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  // checkov:skip=CKV_AZURE_212:One instance is the point: it is what caps the queue functions. What an outage of it delays is caught up.
  // checkov:skip=CKV_AZURE_17:Callers are the product's servers and people with a key, none of whom has a client certificate.
  // checkov:skip=CKV_AZURE_222:Its doors are for the product's servers, wherever they run; every one but the sign of life asks for a key.
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
    vnetRouteAllEnabled: true
    siteConfig: {
      linuxFxVersion: 'Python|${pythonVersion}'
      // Without it the host sleeps, and with it the timer.
      alwaysOn: true
      numberOfWorkers: 1
      ftpsState: 'Disabled'
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
      httpLoggingEnabled: true
      detailedErrorLoggingEnabled: true
      requestTracingEnabled: true
      healthCheckPath: '/api/health/live'
      appSettings: [for setting in items(union(settings, ofThisPlan)): {
        name: setting.key
        value: setting.value
      }]
    }
  }
}

// Publishing by user name and password is off: deployments come with an Entra token.
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
