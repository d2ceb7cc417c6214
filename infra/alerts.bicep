// Alerts: queries over the app's structured log lines, one line an item, a tick, a dead letter.
// A line's fields are custom dimensions, or, where a host passes on the text alone, JSON in it.
param location string
param tags object
param insightsId string
param alertEmail string

var lines = 'let lines = traces | extend said = iff(isnotempty(tostring(customDimensions.action)), customDimensions, parse_json(message)) | extend action = tostring(said.action); '

var rules = [
  {
    name: 'dead-letters'
    description: 'A message was given up. runs list names its item, runs retry asks again.'
    severity: 1
    query: '${lines}lines | where action == "dead-letter"'
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'no-tick'
    description: 'The timer has not ticked for 45 minutes: nothing is discovered, nothing is sent.'
    severity: 1
    query: '${lines}lines | where action == "tick"'
    operator: 'LessThan'
    threshold: 1
    every: 'PT15M'
    window: 'PT45M'
  }
  {
    name: 'freshness'
    description: 'A session has been over for 6 h without entries, or for 48 h without results where they are opted into.'
    severity: 2
    query: '${lines}lines | where action == "freshness" | summarize arg_max(timestamp, said) by source = tostring(said.source) | where toint(said.without_entries) > 0 or toint(said.without_results) > 0'
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT1H'
    window: 'PT1H'
  }
  {
    name: 'quarantine'
    description: 'More than 2 % of the rows that were read in a day could not be understood.'
    severity: 2
    query: '${lines}lines | where action == "item" | summarize rows = sum(toreal(said.rows)), quarantined = sum(toreal(said.quarantined)) | where quarantined > 0.02 * (rows + quarantined)'
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'drift'
    description: 'A source answers in another form than the one that was written for.'
    severity: 3
    query: '${lines}lines | where action == "drift"'
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
