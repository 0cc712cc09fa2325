with starts as (

    select * from {{ ref('int_responses_started') }}

),

scores as (

    select * from {{ ref('int_scores_followed') }}

),

events as (

    select * from {{ ref('int_events_united') }}

),

last_scores as (

    select
        *,
        row_number() over (
            partition by usubjid, paramcd, aperiod
            order by ady desc, dtc desc nulls last, delivery_rank desc, srcseq desc
        ) as candidate
    from scores

),

-- Without a later assessment, follow-up ends on the day that it starts.
followed as (

    select
        starts.*,
        coalesce(last_scores.ady, starts.start_day) as last_ady,
        case when last_scores.usubjid is null then starts.startdt else last_scores.adt end as last_adt,
        case when last_scores.usubjid is null then starts.srcdom else 'QS' end as last_srcdom,
        coalesce(last_scores.delivery_rank, starts.delivery_rank) as last_delivery_rank,
        coalesce(last_scores.srcseq, starts.srcseq) as last_srcseq
    from starts
    left join last_scores
        on
            starts.usubjid = last_scores.usubjid and starts.paramcd = last_scores.paramcd
            and starts.aperiod is not distinct from last_scores.aperiod and last_scores.candidate = 1

),

ended as (

    select
        followed.*,
        events.description,
        events.cnsr,
        events.srcdom as event_srcdom,
        events.ady,
        events.lower_ady,
        events.adt,
        events.delivery_rank as event_delivery_rank,
        events.srcseq as event_srcseq,
        row_number() over (
            partition by followed.usubjid, followed.paramcd, followed.aperiod
            order by events.known_ady nulls last, events.priority, events.delivery_rank, events.srcseq
        ) as candidate
    from followed
    -- Nobody is known to be free of rescue medication beyond the last assessment.
    left join events
        on
            followed.usubjid = events.usubjid and followed.paramcd = events.paramcd
            and followed.aperiod is not distinct from events.aperiod
            and (events.cnsr = 0 or followed.last_ady >= events.ady)

),

final as (

    select
        usubjid,
        trta,
        endpoint,
        paramcd,
        case when cnsr = 0 then description end as evntdesc,
        case when cnsr = 1 then description end as cnsdtdsc,
        coalesce(event_srcdom, last_srcdom) as srcdom,
        aperiod,
        startdy,
        start_day,
        coalesce(ady, last_ady) as ady,
        case when cnsr is null then last_ady else coalesce(lower_ady, start_day) end as lower_ady,
        coalesce(cnsr, 1) as cnsr,
        coalesce(event_delivery_rank, last_delivery_rank) as delivery_rank,
        coalesce(event_srcseq, last_srcseq) as srcseq,
        startdt,
        case when description is null then last_adt else adt end as adt
    from ended
    where candidate = 1

)

select * from final
