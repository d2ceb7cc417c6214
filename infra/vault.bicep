// A vault for the one secret that no identity can replace: the password of an OpenF1 subscription.
param location string

@maxLength(24)
param name string
param tags object

@description('Object id of the app\'s identity.')
param principalId string
param subnetId string
param operatorAddresses array

@secure()
param openf1Password string
param workspaceId string

var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var secretName = 'openf1-password'

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: 'Deny'
      virtualNetworkRules: [
        {
          id: subnetId
        }
      ]
      ipRules: [for address in operatorAddresses: {
        value: address
      }]
    }
  }
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = if (!empty(openf1Password)) {
  // checkov:skip=CKV_AZURE_41:It is valid as long as the subscription is; an expiry would stop the app on a day that nobody chose.
  // checkov:skip=CKV_AZURE_114:It has one, below; the check does not find it where a condition stands before.
  parent: vault
  name: secretName
  properties: {
    value: openf1Password
    contentType: 'text/plain'
  }
}

// The vault holds this one secret; reading it is all that the app may.
resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, principalId, keyVaultSecretsUser)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

// Without a version: a changed password is taken over by itself.
output openf1PasswordReference string = '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/${secretName})'
