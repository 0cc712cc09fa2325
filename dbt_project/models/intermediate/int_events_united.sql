-- What can end a course of follow-up before its last assessment: an event of the study file's list, a relapse by
-- score, or the start of rescue medication where the study file does not call that an event.
with events as (

    select * from {{ ref('int_clinical_events_followed') }}

),

relapses as (

    select * from {{ ref('int_relapses_dated') }}

),

rules as (

    select * from {{ source('study', 'durability_events') }}

),

united as (

    select
        events.usubjid,
        events.paramcd,
        events.event as description,
        events.srcdom,
        events.aperiod,
        -- On one day an event of its own outranks a score, and either outranks a censoring.
        case when rules.event is not null then 1 else 3 end as priority,
        case when rules.event is not null then 0 else 1 end as cnsr,
        events.ady,
        events.ady as lower_ady,
        events.delivery_rank,
        events.srcseq,
        events.adt
    from events
    left join rules
        on
            events.paramcd = rules.paramcd
            and events.event = rules.event
    where rules.event is not null or events.event = 'RESCUE MEDICATION'
    union all
    select
        usubjid,
        paramcd,
        evntdesc as description,
        'QS' as srcdom,
        aperiod,
        2 as priority,
        0 as cnsr,
        ady,
        lower_ady,
        delivery_rank,
        srcseq,
        adt
    from relapses

),

rescued as (

    select
        *,
        min(case when cnsr = 1 then ady end) over (partition by usubjid, paramcd, aperiod) as rescue_ady
    from united

),

-- Once rescue medication was given, what follows says nothing of the treatment, also where no assessment lies between.
final as (

    select
        usubjid,
        paramcd,
        description,
        srcdom,
        aperiod,
        priority,
        cnsr,
        ady,
        lower_ady,
        delivery_rank,
        srcseq,
        adt
    from rescued
    where rescue_ady is null or ady <= rescue_ady

)

select * from final
