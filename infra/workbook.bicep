// The workbook of the app's metrics; what it shows stands in workbook.json. No result is in it: the
// log lines that it reads hold none.
param location string
param tags object
param insightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'parcferme-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Parc Fermé ingestion'
    category: 'workbook'
    sourceId: insightsId
    serializedData: loadTextContent('workbook.json')
  }
}
