// A network costs nothing: the app's subnet is the only one that Storage and Key Vault let in, and
// the database has no public address.
param location string
param name string
param tags object

@allowed([
  'dedicated'
  'flex'
])
param plan string
param withDatabase bool

resource closed 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-${name}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        // Functions are called through the platform's front end, never by way of this network.
        name: 'nothing-from-the-internet'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.71.0.0/24'
      ]
    }
  }
}

resource appSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: network
  name: 'app'
  properties: {
    addressPrefix: '10.71.0.0/26'
    networkSecurityGroup: {
      id: closed.id
    }
    delegations: [
      {
        name: plan
        properties: {
          serviceName: plan == 'flex' ? 'Microsoft.App/environments' : 'Microsoft.Web/serverFarms'
        }
      }
    ]
    serviceEndpoints: [
      {
        service: 'Microsoft.Storage'
      }
      {
        service: 'Microsoft.KeyVault'
      }
    ]
  }
}

// One after the other: a network takes one change at a time.
resource databaseSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = if (withDatabase) {
  parent: network
  name: 'database'
  dependsOn: [
    appSubnet
  ]
  properties: {
    addressPrefix: '10.71.0.64/28'
    networkSecurityGroup: {
      id: closed.id
    }
    delegations: [
      {
        name: 'postgresql'
        properties: {
          serviceName: 'Microsoft.DBforPostgreSQL/flexibleServers'
        }
      }
    ]
  }
}

resource databaseDnsZone 'Microsoft.Network/privateDnsZones@2024-06-01' = if (withDatabase) {
  name: '${name}.private.postgres.database.azure.com'
  location: 'global'
  tags: tags
}

resource databaseDnsLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = if (withDatabase) {
  parent: databaseDnsZone
  name: name
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}

output appSubnetId string = appSubnet.id
output databaseSubnetId string = withDatabase ? databaseSubnet.id : ''
output databaseDnsZoneId string = withDatabase ? databaseDnsZone.id : ''
