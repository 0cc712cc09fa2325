-- When the first response came, or until when none was seen; whether it was rapid, and whether it was kept.
with scores as (

    select * from {{ ref('int_onset_scores_judged') }}

),

-- While on treatment, what comes after the event is left out, and is no miss.
placed as (

    select
        *,
        coalesce(
            case when rapid_hours is not null then hours_since_dose <= rapid_hours end,
            study_day <= rapid_day,
            next_avisitn <= rapid_visitnum,
            false
        ) as is_in_time,
        coalesce(place > first_place and next_avisitn <= kept_to_visitnum, false) as is_to_be_kept,
        case
            when is_met is null then missing = 'excursion'
            else
                not is_met
                and is_kept
                and not (strategy = 'composite' and is_after_event)
                and coalesce(
                    (base - aval) * 100 >= excursion_min_reduction_pct * base, excursion_min_reduction_pct is null
                )
        end
        and (coalesce(excursion_at_end, false) or avisitn is null or avisitn < kept_to_visitnum) as may_be_excursion,
        coalesce(not is_met, missing <> 'ignored' and kind = 'PLANNED')
        and not (strategy = 'while_on_treatment' and is_after_event) as is_miss
    from scores

),

counted as (

    select
        usubjid,
        trta,
        endpoint,
        paramcd,
        estimand,
        measure,
        missing,
        aperiod,
        first_place,
        max(case when is_met is not null then place end) as last_place,
        max(case when not is_met and place < coalesce(first_place, place + 1) then study_day end) as lower_day,
        max(case when place = first_place and is_in_time then 1 else 0 end) as rapid_firsts,
        count(case when not is_met and is_in_time then 1 end) as seen_in_time_without,
        count(case when is_to_be_kept and is_miss and not may_be_excursion then 1 end) as failures,
        count(case when is_to_be_kept and is_miss and may_be_excursion then 1 end) as excursions,
        max(case when place = first_place and next_avisitn <= kept_to_visitnum then 1 else 0 end) as firsts_to_keep,
        max(excursions_allowed) as excursions_allowed,
        max(base) as base,
        max(first_dose_date) as first_dose_date,
        count(rapid_day) + count(rapid_visitnum) > 0 as has_limit,
        count(kept_to_visitnum) > 0 as has_end
    from placed
    group by usubjid, trta, endpoint, paramcd, estimand, measure, missing, aperiod, first_place

),

rapid as (

    select
        *,
        case
            when not has_limit then null
            when rapid_firsts = 1 then 'Y'
            when missing <> 'ignored' or seen_in_time_without > 0 then 'N'
        end as rapidfl
    from counted

),

final as (

    select
        *,
        case
            when not has_end then null
            when rapidfl = 'N' or (first_place is null and (missing <> 'ignored' or last_place is not null)) then 'N'
            when first_place is null then null
            when firsts_to_keep = 0 or failures > 0 or excursions > excursions_allowed then 'N'
            when rapidfl = 'Y' or not has_limit then 'Y'
        end as keptfl
    from rapid

)

select * from final
