{#- CTEs from dated results to `placed`: the analysis visit of each row, its baseline flag and the one row that a visit
counts.

`rows` has: usubjid, paramcd, window_key (whose plan applies; '*' for all visits), visit, dtc, adt, atpt, aval, ady, aperiod,
trta, is_crossover, first_dose_date, first_dose_dtc, protocol_version, chosen_within (the time point, where a visit has one value each), delivery_rank, srcseq.

Windows: a collected visit without a window stays; else the window that holds the study day; a day in no window is
unscheduled; without a day the collected visit stands. Several rows in a window: those with a value first, then closest to
target, then as `tie` says.

Baseline: one of the subject, or (`basetype`) one of each period. A mean is a row more, with `dtype` AVERAGE, made from the
last of its values. -#}
{% macro placed_in_visits(rows) %}
visits as (

    select * from {{ source('study', 'version_visits') }}

),

windows as (

    select * from {{ ref('int_study_days_mapped') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

assigned as (

    select
        {{ rows }}.*,
        case
            when collected.visit is not null and collected.window_from_day is null then collected.visit
            when windows.visit is not null then windows.visit
            when {{ rows }}.ady is null and collected.visit is not null then collected.visit
            else 'UNSCHEDULED'
        end as avisit
    from {{ rows }}
    left join visits as collected
        on
            {{ rows }}.visit = collected.visit
            and {{ rows }}.protocol_version is not distinct from collected.version
    left join windows
        on
            {{ rows }}.window_key = windows.paramcd
            and {{ rows }}.ady = windows.study_day
            and {{ rows }}.protocol_version is not distinct from windows.version
            -- A visit outside of a crossover's periods counts from the first dose: no day of a later period is in it.
            and (windows.of_period or not {{ rows }}.is_crossover or coalesce({{ rows }}.aperiod, 1) = 1)

),

described as (

    select
        assigned.*,
        visits.visitnum as avisitn,
        visits.target_day,
        settings.baseline_rule,
        settings.baseline_of,
        settings.tie,
        -- The visits of a crossover that lie outside its periods (its one baseline) belong to none.
        not assigned.is_crossover or coalesce(visits.of_period, true) as is_in_period,
        -- A study without dates has only its planned days.
        coalesce(
            assigned.ady,
            case when assigned.dtc is null and assigned.first_dose_date is null then visits.target_day end
        ) as analysis_day,
        assigned.aval is not null
        and {{ is_before_dosing('assigned.atpt') }}
        and not {{ is_after_the_dose('assigned') }}
        and coalesce(visits.may_be_baseline, settings.baseline_any_visit)
        and case
            when settings.baseline_rule = 'visit' or assigned.adt is null or assigned.first_dose_date is null
                then coalesce(visits.is_baseline, false)
            else assigned.adt <= assigned.first_dose_date
        end as may_be_baseline
    from assigned
    cross join settings
    left join visits
        on
            assigned.avisit = visits.visit
            and assigned.protocol_version is not distinct from visits.version

),

measured as (

    select
        *,
        abs(({{ elapsed('analysis_day') }}) - ({{ elapsed('target_day') }})) as days_from_target,
        case when baseline_of = 'period' and is_in_period then 'PERIOD ' || aperiod end as basetype,
        -- The baseline of the study is taken before its first period's dose, that of a period within it.
        may_be_baseline and case
            when baseline_of = 'period' then is_in_period and aperiod is not null
            else not is_in_period or coalesce(aperiod, 1) = 1
        end as is_baseline_candidate
    from described

),

ranked as (

    select
        *,
        row_number() over (
            partition by usubjid, paramcd, case when is_in_period then aperiod end, avisit, chosen_within
            order by
                case when aval is null then 1 else 0 end,
                days_from_target nulls last,
                {{ later_or_earlier_first() }}
        ) as candidate,
        row_number() over (
            partition by usubjid, paramcd, basetype, is_baseline_candidate
            order by
                case when baseline_rule <> 'visit' then adt end desc nulls last,
                case when baseline_rule <> 'visit' then dtc end desc nulls last,
                days_from_target nulls last,
                {{ later_or_earlier_first() }}
        ) as baseline_candidate
    from measured

),

means as (

    select
        usubjid,
        paramcd,
        basetype,
        cast(sum(cast(aval as decimal(38, 12))) as double) / count(*) as mean_value
    from ranked
    where is_baseline_candidate and baseline_rule = 'mean_before_first_dose'
    group by usubjid, paramcd, basetype

),

with_means as (

    select
        ranked.*,
        cast(null as varchar) as mean_dtype,
        aval as analysis_value
    from ranked
    union all
    select
        ranked.*,
        'AVERAGE' as mean_dtype,
        means.mean_value as analysis_value
    from means
    left join ranked
        on
            means.usubjid = ranked.usubjid
            and means.paramcd = ranked.paramcd
            and means.basetype is not distinct from ranked.basetype
            and ranked.is_baseline_candidate
            and ranked.baseline_candidate = 1

),

placed as (

    select
        *,
        case
            when mean_dtype = 'AVERAGE' then 'Y'
            when is_baseline_candidate and baseline_candidate = 1 and baseline_rule <> 'mean_before_first_dose' then 'Y'
        end as ablfl,
        case when avisit <> 'UNSCHEDULED' and candidate = 1 and mean_dtype is null then 'Y' end as anl01fl
    from with_means

)
{%- endmacro %}

{#- Whether an assessment of the day of the dose is known to come after it, to the minute. -#}
{% macro is_after_the_dose(relation) -%}
    coalesce(
            {{ relation }}.adt = {{ relation }}.first_dose_date
            and {{ to_the_minute(relation ~ '.dtc') }} > {{ to_the_minute(relation ~ '.first_dose_dtc') }},
            false
        )
{%- endmacro %}

{#- Between rows equally close to the target: the later or the earlier, as the study file says, a date that was completed
after one that was not; then the row delivered last. -#}
{% macro later_or_earlier_first() -%}
    case when tie = 'later' then coalesce(cast(adt as varchar), dtc) end desc nulls last,
                case when tie = 'earlier' then coalesce(cast(adt as varchar), dtc) end asc nulls last,
                case when length(dtc) >= 10 then 0 else 1 end,
                case when tie = 'later' then dtc end desc nulls last,
                case when tie = 'earlier' then dtc end asc nulls last,
                delivery_rank desc,
                srcseq desc,
                visit nulls last,
                atpt nulls last
{%- endmacro %}
