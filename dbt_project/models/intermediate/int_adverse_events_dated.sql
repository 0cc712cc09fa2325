{{ config(materialized='view') }}

-- Start and end of each adverse event; a date known in part is completed as the study file says.
with events as (

    select * from {{ ref('stg_landed__adverse_events') }}

),

subjects as (

    select * from {{ ref('stg_landed__subjects') }}

),

classified as (

    select * from {{ ref('int_subjects_classified') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

rules as (

    select * from {{ source('study', 'partial_dates') }}

),

known as (

    select
        events.*,
        {{ known_part('events.aestdtc') }} as known_start,
        {{ known_part('events.aeendtc') }} as known_end
    from events

),

bounded as (

    select
        known.*,
        start_rules.impute as start_impute,
        start_rules.highest as start_highest,
        end_rules.impute as end_impute,
        end_rules.highest as end_highest,
        {{ date_of_subject('start_rules.not_before') }} as start_not_before,
        {{ date_of_subject('start_rules.not_after') }} as start_not_after,
        {{ date_of_subject('end_rules.not_before') }} as end_not_before,
        {{ date_of_subject('end_rules.not_after') }} as end_not_after
    from known
    cross join settings
    left join rules as start_rules on start_rules.date_of = 'adverse_event_start'
    left join rules as end_rules on end_rules.date_of = 'adverse_event_end'
    left join subjects on known.usubjid = subjects.usubjid
    left join classified on known.usubjid = classified.usubjid

),

completed as (

    select
        *,
        {{ completed_date('known_start', 'start_impute', 'start_highest', 'start_not_before', 'start_not_after') }}
            as completed_start,
        {{ completed_date('known_end', 'end_impute', 'end_highest', 'end_not_before', 'end_not_after') }}
            as completed_end
    from bounded

),

dated as (

    select
        *,
        {{ date_within('completed_start', 'known_start', 'start_not_before', 'start_not_after') }} as astdt,
        {{ date_within('completed_end', 'known_end', 'end_not_before', 'end_not_after') }} as aendt
    from completed

),

final as (

    select
        *,
        {{ date_imputation_flag('astdt', 'known_start') }} as astdtf,
        {{ date_imputation_flag('aendt', 'known_end') }} as aendtf
    from dated

)

select * from final
