{{ config(materialized='view') }}

-- The first time of more days without an assessment than the study file allows. It censors at the assessment before it,
-- and is known once those days have passed: an event until then still counts.
with assessments as (

    select * from {{ ref('int_assessments_followed') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

),

ranked as (

    select
        assessments.*,
        assessments.ady + parameters.censor_after_gap_days as known_ady,
        row_number() over (
            partition by assessments.usubjid, assessments.paramcd, assessments.aperiod
            order by assessments.ady
        ) as candidate
    from assessments
    inner join parameters
        on assessments.paramcd = parameters.paramcd
    where assessments.next_ady - assessments.ady > parameters.censor_after_gap_days

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
