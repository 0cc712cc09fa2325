with vital_signs as (

    select * from {{ ref('advs') }}

),

peaks as (

    select * from {{ ref('session_peaks') }}

),

answers as (

    select * from {{ ref('int_answers_recorded') }}

),

events as (

    select * from {{ ref('adae') }}

),

signs as (

    select * from {{ source('study', 'vital_signs') }}

),

sought as (

    select * from {{ source('study', 'session_peaks_sought') }}

),

score_alerts as (

    select * from {{ source('study', 'score_alerts') }}

),

special_interest as (

    select * from {{ source('study', 'special_interest') }}

),

found as (

    {{ safety_alert('vital_signs', "'VITAL SIGN'", 'vital_signs.alert', 'vital_signs.paramcd', 'vital_signs.avisit',
        'vital_signs.atpt', 'vital_signs.qualifiers', 'signs.section', 'vital_signs.aval', 'vital_signs.adt') }}
    left join signs
        on vital_signs.paramcd = signs.vstestcd
    where vital_signs.alertfl = 'Y'
    union all
    {{ safety_alert('vital_signs', "'VITAL SIGN CHANGE'", 'vital_signs.change_alert', 'vital_signs.paramcd',
        'vital_signs.avisit', 'vital_signs.atpt', 'vital_signs.qualifiers', 'signs.section', 'vital_signs.chg',
        'vital_signs.adt') }}
    left join signs
        on vital_signs.paramcd = signs.vstestcd
    where vital_signs.change_alertfl = 'Y'
    union all
    {{ safety_alert('peaks', "'SESSION PEAK'", 'peaks.crit1', 'peaks.paramcd', 'peaks.avisit', 'peaks.atpt',
        'null', 'sought.section', 'peaks.aval', 'peaks.adt') }}
    inner join sought
        on peaks.paramcd = sought.paramcd
    where peaks.crit1fl = 'Y' and sought.peak_limit is not null
    union all
    {{ safety_alert('answers', 'score_alerts.alert', 'score_alerts.rule', 'answers.qstestcd', 'answers.visit',
        'answers.atpt', 'answers.qualifiers', 'score_alerts.section', 'answers.qsstresn', 'answers.adt', "'QS'") }}
    inner join score_alerts
        on answers.qstestcd = score_alerts.qstestcd
    where answers.qsstresn >= score_alerts.at_least
    union all
    {{ safety_alert('events', "'SERIOUS ADVERSE EVENT'", "'treatment-emergent and serious'", 'events.aedecod', 'null',
        'null', 'events.astdtc', 'null', 'null', 'events.astdt') }}
    where events.trtemfl = 'Y' and events.aeser = 'Y'
    union all
    {{ safety_alert('events', "'ADVERSE EVENT OF SPECIAL INTEREST'", "'treatment-emergent: ' || events.aesi",
        'events.aedecod', 'null', 'null', 'events.astdtc', 'special_interest.section', 'null', 'events.astdt') }}
    inner join special_interest
        on upper(events.aedecod) = special_interest.term
    where events.trtemfl = 'Y'

),

{{ alerts_placed('found') }}

select * from placed
