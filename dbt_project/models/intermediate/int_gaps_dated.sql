{{ config(materialized='view') }}

-- The first time of more days without an assessment than the study file allows. It censors at the assessment before it,
-- and is known once those days have passed: an event until then still counts.
with starts as (

    select * from {{ ref('int_responses_started') }}

),

scores as (

    select * from {{ ref('int_scores_followed') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

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
        ) as next_ady
    from assessments

),

ranked as (

    select
        followed.*,
        followed.ady + parameters.censor_after_gap_days as known_ady,
        row_number() over (
            partition by followed.usubjid, followed.paramcd, followed.aperiod
            order by followed.ady
        ) as candidate
    from followed
    inner join parameters
        on followed.paramcd = parameters.paramcd
    where followed.next_ady - followed.ady > parameters.censor_after_gap_days

),

final as (

    select
        usubjid,
        paramcd,
        'ASSESSMENT GAP' as description,
        srcdom,
        aperiod,
        4 as priority,
        1 as cnsr,
        ady,
        known_ady,
        ady as lower_ady,
        delivery_rank,
        srcseq,
        adt
    from ranked
    where candidate = 1

)

select * from final
