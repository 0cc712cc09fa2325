-- One value, or none, for each planned visit, estimand and rule for missing data, with where it came from.
with kept as (

    select * from {{ ref('int_scores_by_estimand') }}
    where kind = 'PLANNED'

),

sequenced as (

    select * from {{ ref('int_scores_sequenced') }}

),

rules as (

    select * from {{ source('study', 'missing_rules') }}

),

arms as (

    select * from {{ source('study', 'arms') }}

),

-- While on treatment, the last value before the event stands, whatever the rule.
filled as (

    select
        kept.*,
        rules.*,
        kept.is_kept or (kept.strategy = 'composite' and kept.is_after_event) as is_own,
        case when kept.strategy = 'while_on_treatment' and kept.is_after_event then 'locf' else rules.method end
            as filled_by
    from kept
    cross join rules

),

decided as (

    select
        *,
        case
            when is_own then place
            when filled_by = 'locf' and carries_unscheduled then last_place
            when filled_by = 'locf' then last_planned_place
            when filled_by = 'wocf' and carries_unscheduled then worst_place
            when filled_by = 'wocf' then worst_planned_place
        end as later_place,
        case
            when base is not null and (method = 'bocf' or (carries_baseline and filled_by in ('locf', 'wocf'))) then 0
        end as baseline_place
    from filled

),

final as (

    select
        decided.usubjid,
        decided.trta,
        decided.endpoint,
        decided.avisit,
        decided.estimand,
        decided.missing_rule,
        decided.method,
        case
            when decided.is_own or taken.place is null then null
            when taken.place = 0 and decided.method = 'bocf' then 'BLOCF'
            else upper(decided.filled_by)
        end as dtype,
        case when taken.aval is not null then taken.avisit end as srcvisit,
        decided.aperiod,
        decided.avisitn,
        taken.ady,
        taken.delivery_rank,
        taken.srcseq,
        taken.aval,
        decided.base,
        {{ assumed_outcome('decided.method', 'arms.arm_role') }} as assumed_crit1fl,
        decided.strategy = 'composite' and decided.is_after_event as is_composite_failure,
        case when taken.aval is not null then taken.adt end as adt
    from decided
    left join sequenced as taken
        on
            decided.usubjid = taken.usubjid
            and decided.endpoint = taken.endpoint
            and decided.aperiod is not distinct from taken.aperiod
            and coalesce(decided.later_place, decided.baseline_place) = taken.place
    left join arms
        on decided.trta = arms.arm

)

select * from final
