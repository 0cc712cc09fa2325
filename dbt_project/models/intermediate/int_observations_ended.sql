{{ config(materialized='view') }}

-- Until when a course is observed, where the study file counts the days to it from the last assessment: the last event
-- on record (the end of participation is one), in whoever goes on the data cutoff; a crossover's period ends with the
-- next one's first dose.
with starts as (

    select * from {{ ref('int_responses_started') }}

),

events as (

    select * from {{ ref('int_clinical_events_followed') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

participations as (

    select * from {{ ref('int_participations_ended') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

last_events as (

    select
        usubjid,
        paramcd,
        aperiod,
        max(ady) as last_ady
    from events
    group by usubjid, paramcd, aperiod

),

final as (

    select
        starts.usubjid,
        starts.paramcd,
        starts.aperiod,
        coalesce(
            {{ study_day('treatments.next_period_date', 'starts.first_dose_date') }},
            greatest(
                last_events.last_ady,
                case
                    when participations.usubjid is null
                        then {{ study_day('settings.data_cutoff', 'starts.first_dose_date') }}
                end
            )
        ) as end_day
    from starts
    cross join settings
    inner join parameters on starts.paramcd = parameters.paramcd and parameters.censor_gap_at_end
    left join treatments on starts.usubjid = treatments.usubjid and starts.aperiod = treatments.aperiod
    left join participations on starts.usubjid = participations.usubjid
    left join last_events
        on
            starts.usubjid = last_events.usubjid and starts.paramcd = last_events.paramcd
            and starts.aperiod is not distinct from last_events.aperiod

)

select * from final
