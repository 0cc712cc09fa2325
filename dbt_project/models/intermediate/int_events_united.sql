-- What can end a course of follow-up before its last assessment: an event that is a relapse or censors by the study
-- file, a relapse by score, or too long a time without an assessment.
with events as (

    select * from {{ ref('int_clinical_events_followed') }}

),

relapses as (

    select * from {{ ref('int_relapses_dated') }}

),

gaps as (

    select * from {{ ref('int_gaps_dated') }}

),

scores as (

    select * from {{ ref('int_scores_followed') }}

),

rules as (

    select * from {{ source('study', 'durability_events') }}

),

-- Whoever is censored was last seen without the event at an assessment up to that day.
seen as (

    select
        events.usubjid,
        events.paramcd,
        events.aperiod,
        events.ady,
        max(scores.ady) as last_seen_ady
    from events
    inner join scores
        on events.usubjid = scores.usubjid and events.paramcd = scores.paramcd and events.ady >= scores.ady
    where events.aperiod is not distinct from scores.aperiod
    group by events.usubjid, events.paramcd, events.aperiod, events.ady

),

united as (

    select
        events.usubjid,
        events.paramcd,
        events.event as description,
        events.srcdom,
        events.aperiod,
        -- On one day an event of its own outranks a score, and either outranks a censoring.
        case rules.cnsr when 0 then 1 else 3 end as priority,
        rules.cnsr,
        events.ady,
        events.ady as known_ady,
        case rules.cnsr when 0 then events.ady else seen.last_seen_ady end as lower_ady,
        events.delivery_rank,
        events.srcseq,
        events.adt
    from events
    inner join rules
        on events.paramcd = rules.paramcd and events.event = rules.event
    left join seen
        on
            events.usubjid = seen.usubjid and events.paramcd = seen.paramcd and events.ady = seen.ady
            and events.aperiod is not distinct from seen.aperiod
    union all
    select *
    from relapses
    union all
    select * from gaps

),

-- What follows a censoring says nothing of the treatment, also where no assessment lies between.
placed as (

    select
        *,
        min(case when cnsr = 1 then known_ady end) over (partition by usubjid, paramcd, aperiod) as censored_ady
    from united

),

final as (

    select *
    from placed
    where censored_ady is null or known_ady <= censored_ady

)

select * from final
