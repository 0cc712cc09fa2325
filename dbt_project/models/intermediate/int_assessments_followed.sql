{{ config(materialized='view') }}

-- The start and the later assessments of each course of follow-up, with the day of what comes next: another assessment
-- or, where the study file counts up to it, the end of observation.
with starts as (

    select * from {{ ref('int_responses_started') }}

),

scores as (

    select * from {{ ref('int_scores_followed') }}

),

observations as (

    select * from {{ ref('int_observations_ended') }}

),

assessments as (

    select
        usubjid,
        paramcd,
        srcdom,
        cast(null as varchar) as dtc,
        aperiod,
        start_day as ady,
        delivery_rank,
        srcseq,
        startdt as adt
    from starts
    union all
    select
        usubjid,
        paramcd,
        'QS' as srcdom,
        dtc,
        aperiod,
        ady,
        delivery_rank,
        srcseq,
        adt
    from scores

),

followed as (

    select
        *,
        lead(ady) over (
            partition by usubjid, paramcd, aperiod
            order by {{ assessment_order() }}
        ) as later_ady
    from assessments

),

final as (

    select
        followed.usubjid,
        followed.paramcd,
        followed.srcdom,
        followed.aperiod,
        followed.ady,
        coalesce(followed.later_ady, observations.end_day) as next_ady,
        followed.delivery_rank,
        followed.srcseq,
        followed.adt
    from followed
    left join observations
        on
            followed.usubjid = observations.usubjid and followed.paramcd = observations.paramcd
            and followed.aperiod is not distinct from observations.aperiod

)

select * from final
