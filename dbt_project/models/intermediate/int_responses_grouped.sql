-- Episodes: assessments in response with no end between them, and the first end after them.
with moments as (

    select * from {{ ref('int_responses_traced') }}

),

followed as (

    select
        *,
        max(case when srcdom = 'QS' then ady end) over (partition by usubjid, endpoint, aperiod) as last_assessed_day
    from moments

),

responding as (

    select
        *,
        row_number() over (
            partition by usubjid, endpoint, aperiod, ends_so_far
            order by ady, dtc, delivery_rank, srcseq
        ) as from_first,
        row_number() over (
            partition by usubjid, endpoint, aperiod, ends_so_far
            order by ady desc, dtc desc nulls last, delivery_rank desc, srcseq desc
        ) as from_last
    from moments
    where ended_by is null

),

ends as (

    select *
    from followed
    where
        ended_by is not null
        -- Nobody is known to be free of rescue medication beyond the last assessment.
        and (cnsr = 0 or ady <= last_assessed_day)

),

episodes as (

    select
        usubjid,
        endpoint,
        aperiod,
        ends_so_far,
        min(ady) as start_day,
        max(ady) as last_day,
        count(*) as assessments,
        min(aval) as lowest,
        min(base) as base,
        max(case when from_last = 1 then delivery_rank end) as last_delivery_rank,
        max(case when from_last = 1 then srcseq end) as last_srcseq,
        max(case when from_first = 1 then adt end) as startdt,
        max(case when from_last = 1 then adt end) as last_adt
    from responding
    group by usubjid, endpoint, aperiod, ends_so_far

),

final as (

    select
        episodes.usubjid,
        episodes.endpoint,
        ends.ended_by,
        coalesce(ends.srcdom, 'QS') as srcdom,
        episodes.aperiod,
        row_number() over (
            partition by episodes.usubjid, episodes.endpoint, episodes.aperiod
            order by episodes.start_day, episodes.ends_so_far
        ) as episode,
        episodes.start_day,
        episodes.last_day,
        coalesce(ends.ady, episodes.last_day) as end_day,
        coalesce(ends.cnsr, 1) as cnsr,
        ends.priority = 1 as is_dated_event,
        coalesce(ends.delivery_rank, episodes.last_delivery_rank) as delivery_rank,
        coalesce(ends.srcseq, episodes.last_srcseq) as srcseq,
        episodes.assessments,
        episodes.lowest,
        episodes.base,
        episodes.startdt,
        case when ends.ended_by is null then episodes.last_adt else ends.adt end as enddt
    from episodes
    left join ends
        on
            episodes.usubjid = ends.usubjid
            and episodes.endpoint = ends.endpoint
            and episodes.aperiod is not distinct from ends.aperiod
            and episodes.ends_so_far + 1 = ends.ends_so_far

)

select * from final
