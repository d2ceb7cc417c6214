// Alerts: queries over the app's lines of the log, one an item, a tick, a dead letter. The queries lie
// in alerts/, for people to run as well; docs/runbook.md says what each means and what mends it.
param location string
param tags object
param insightsId string
param alertEmail string

var rules = [
  {
    name: 'dead-letters'
    description: 'A message was given up. runs list names its item, runs retry asks again.'
    severity: 1
    query: loadTextContent('alerts/dead-letters.kql')
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'no-tick'
    description: 'The timer has not ticked for 45 minutes: nothing is discovered, nothing is sent.'
    severity: 1
    query: loadTextContent('alerts/no-tick.kql')
    operator: 'LessThan'
    threshold: 1
    every: 'PT15M'
    window: 'PT45M'
  }
  {
    name: 'overdue'
    description: 'A session has been over for 6 h without entries, or for 48 h without results where they are opted into.'
    severity: 2
    query: loadTextContent('alerts/overdue.kql')
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'quarantine'
    description: 'More than 2 % of the rows that were read in a day could not be understood.'
    severity: 2
    query: loadTextContent('alerts/quarantine.kql')
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'drift'
    description: 'A source answers in another form than the one that was written for.'
    severity: 3
    query: loadTextContent('alerts/drift.kql')
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT1H'
    window: 'PT1H'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: 'ag-parcferme'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'parcferme'
    enabled: true
    emailReceivers: [
      {
        name: 'operator'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: 'parcferme-${rule.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Parc Fermé: ${rule.name}'
    description: rule.description
    severity: rule.severity
    enabled: true
    evaluationFrequency: rule.every
    windowSize: rule.window
    scopes: [
      insightsId
    ]
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: rule.operator
          threshold: rule.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: empty(alertEmail) ? [] : [
        people.id
      ]
    }
  }
}]
