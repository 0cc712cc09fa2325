-- The scores of each subject in their order: the baseline (place 0), each planned visit, seen or missed, and
-- unscheduled assessments behind the planned visit that they follow; one without a study day has no place.
with scores as (

    select * from {{ ref('int_scores_planned') }}

),

assessed as (

    select * from {{ ref('int_scores_windowed') }}
    where avisit = 'UNSCHEDULED' and aval is not null

),

united as (

    select distinct
        usubjid,
        trta,
        endpoint,
        base_avisit as avisit,
        'BASELINE' as kind,
        cast(null as varchar) as dtc,
        aperiod,
        cast(null as double) as avisitn,
        cast(null as integer) as target_day,
        base_ady as ady,
        base_delivery_rank as delivery_rank,
        base_srcseq as srcseq,
        base as aval,
        base,
        base_adt as adt,
        first_dose_date,
        cast(null as double) as follows_avisitn
    from scores
    union all
    select
        usubjid,
        trta,
        endpoint,
        avisit,
        'PLANNED' as kind,
        dtc,
        aperiod,
        avisitn,
        target_day,
        ady,
        delivery_rank,
        srcseq,
        aval,
        base,
        adt,
        first_dose_date,
        avisitn as follows_avisitn
    from scores
    union all
    select
        scores.usubjid,
        scores.trta,
        scores.endpoint,
        assessed.avisit,
        'UNSCHEDULED' as kind,
        assessed.dtc,
        scores.aperiod,
        cast(null as double) as avisitn,
        cast(null as integer) as target_day,
        assessed.ady,
        assessed.delivery_rank,
        assessed.srcseq,
        assessed.aval,
        scores.base,
        assessed.adt,
        scores.first_dose_date,
        max(case when assessed.ady >= coalesce(scores.ady, scores.target_day + 1) then scores.avisitn end)
            as follows_avisitn
    from scores
    inner join assessed
        on
            scores.usubjid = assessed.usubjid and scores.paramcd = assessed.paramcd
            and scores.aperiod is not distinct from assessed.aperiod
            and assessed.ady > coalesce(scores.base_ady, 0)
    group by all

),

final as (

    select
        *,
        cast(row_number() over (
            partition by usubjid, endpoint, aperiod
            order by follows_avisitn nulls first, kind, ady, dtc nulls last, delivery_rank, srcseq
        ) as integer) - 1 as place
    from united

)

select * from final
