{{ config(materialized='view') }}

-- The area between baseline and the scores of the planned visits, by trapezoids, from day 1 (no reduction yet) to the
-- last assessment up to the visit that ends the curve. Decimals: the sum does not depend on the order of rows.
with scores as (

    select * from {{ ref('int_scores_planned') }}

),

areas as (

    select * from {{ source('study', 'response_areas') }}

),

ends as (

    select
        scores.*,
        areas.missing_rule,
        coalesce(scores.ady, scores.target_day) as end_day
    from areas
    inner join scores
        on
            areas.endpoint = scores.endpoint
            and areas.visit = scores.avisit

),

points as (

    select
        ends.usubjid,
        ends.endpoint,
        ends.avisit,
        ends.missing_rule,
        ends.aperiod,
        scores.avisitn,
        coalesce(scores.ady, scores.target_day) as point_day,
        scores.delivery_rank,
        scores.srcseq,
        cast(scores.base - scores.aval as decimal(28, 10)) as reduction
    from ends
    inner join scores
        on
            ends.usubjid = scores.usubjid
            and ends.endpoint = scores.endpoint
            and ends.aperiod is not distinct from scores.aperiod
            and coalesce(scores.ady, scores.target_day) between 1 and ends.end_day
            -- A later visit may have been seen before the end, where a site's code says which visit it is.
            and (ends.avisitn >= scores.avisitn or coalesce(scores.ady, scores.target_day) < ends.end_day)
    where scores.aval is not null and scores.base is not null

),

segments as (

    select
        *,
        lag(reduction, 1, 0) over (
            partition by usubjid, endpoint, avisit, missing_rule, aperiod
            order by point_day, avisitn
        ) as reduction_before,
        lag(point_day, 1, 1) over (
            partition by usubjid, endpoint, avisit, missing_rule, aperiod
            order by point_day, avisitn
        ) as day_before,
        row_number() over (
            partition by usubjid, endpoint, avisit, missing_rule, aperiod
            order by point_day desc, avisitn desc
        ) as from_last
    from points

),

final as (

    select
        usubjid,
        endpoint,
        avisit,
        missing_rule,
        aperiod,
        count(*) as assessments,
        sum((reduction + reduction_before) * (point_day - day_before)) as doubled_area,
        max(point_day) as last_day,
        max(case when from_last = 1 then reduction end) as last_reduction,
        max(case when from_last = 1 then delivery_rank end) as last_delivery_rank,
        max(case when from_last = 1 then srcseq end) as last_srcseq
    from segments
    group by usubjid, endpoint, avisit, missing_rule, aperiod

)

select * from final
