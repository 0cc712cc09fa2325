-- One value, or none, for each estimand and rule for missing data, with where it came from.
with kept as (

    select * from {{ ref('int_scores_by_estimand') }}

),

scores as (

    select * from {{ ref('int_scores_planned') }}

),

rules as (

    select * from {{ source('study', 'missing_rules') }}

),

decided as (

    select
        kept.*,
        rules.missing_rule,
        kept.strategy = 'composite' and kept.is_after_event as is_composite_failure,
        case
            when kept.is_kept or (kept.strategy = 'composite' and kept.is_after_event) then 'OWN'
            when
                kept.last_kept_avisitn is not null
                and (rules.missing_rule = 'locf' or (kept.strategy = 'while_on_treatment' and kept.is_after_event))
                then 'LOCF'
            when kept.has_base and rules.missing_rule = 'bocf' then 'BOCF'
            when rules.missing_rule = 'nri' then 'NRI'
            else 'NONE'
        end as origin
    from kept
    cross join rules

),

final as (

    select
        scores.usubjid,
        scores.trta,
        scores.endpoint,
        scores.paramcd,
        scores.avisit,
        decided.estimand,
        decided.missing_rule,
        case when decided.origin in ('LOCF', 'BOCF', 'NRI') then decided.origin end as dtype,
        scores.aperiod,
        scores.avisitn,
        case decided.origin when 'BOCF' then scores.base_ady else taken.ady end as ady,
        case decided.origin when 'BOCF' then scores.base_delivery_rank else taken.delivery_rank end as delivery_rank,
        case decided.origin when 'BOCF' then scores.base_srcseq else taken.srcseq end as srcseq,
        case decided.origin when 'BOCF' then scores.base else taken.aval end as aval,
        scores.base,
        decided.is_composite_failure,
        case decided.origin when 'BOCF' then scores.base_adt else taken.adt end as adt
    from decided
    left join scores
        on
            decided.usubjid = scores.usubjid
            and decided.endpoint = scores.endpoint
            and decided.aperiod is not distinct from scores.aperiod
            and decided.avisitn = scores.avisitn
    left join scores as taken
        on
            decided.usubjid = taken.usubjid
            and decided.endpoint = taken.endpoint
            and decided.aperiod is not distinct from taken.aperiod
            and case decided.origin when 'OWN' then decided.avisitn when 'LOCF' then decided.last_kept_avisitn end
            = taken.avisitn

)

select * from final
