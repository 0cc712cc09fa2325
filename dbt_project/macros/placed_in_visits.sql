{#- CTEs from dated results to `placed`: the analysis visit of each row, its baseline flag and the one row that a visit
counts.

`rows` has: usubjid, paramcd, window_key (whose plan applies; '*' for all visits), visit, dtc, adt, atpt, aval, ady, aperiod,
trta, is_crossover, first_dose_date, chosen_within (the time point, where a visit has one value each), delivery_rank, srcseq.

Windows: a collected visit without a window stays; else the window that holds the study day; a day in no window is
unscheduled; without a day the collected visit stands. Several rows in a window: those with a value first, then closest to
target, then as `tie` says. -#}
{% macro placed_in_visits(rows) %}
visits as (

    select * from {{ source('study', 'visits') }}

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
        on {{ rows }}.visit = collected.visit
    left join windows
        on
            {{ rows }}.window_key = windows.paramcd
            and {{ rows }}.ady = windows.study_day
            -- A visit outside of a crossover's periods counts from the first dose: no day of a later period is in it.
            and (windows.of_period or not {{ rows }}.is_crossover or coalesce({{ rows }}.aperiod, 1) = 1)

),

described as (

    select
        assigned.*,
        visits.visitnum as avisitn,
        visits.target_day,
        settings.baseline_rule,
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
        and case
            when settings.baseline_rule = 'visit' or assigned.adt is null or assigned.first_dose_date is null
                then coalesce(visits.is_baseline, false)
            else assigned.adt <= assigned.first_dose_date
        end as is_baseline_candidate
    from assigned
    cross join settings
    left join visits
        on assigned.avisit = visits.visit

),

measured as (

    select
        *,
        abs(({{ elapsed('analysis_day') }}) - ({{ elapsed('target_day') }})) as days_from_target
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
            partition by usubjid, paramcd, is_baseline_candidate
            order by
                case when baseline_rule = 'last_before_first_dose' then dtc end desc nulls last,
                days_from_target nulls last,
                {{ later_or_earlier_first() }}
        ) as baseline_candidate
    from measured

),

placed as (

    select
        *,
        case when is_baseline_candidate and baseline_candidate = 1 then 'Y' end as ablfl,
        case when avisit <> 'UNSCHEDULED' and candidate = 1 then 'Y' end as anl01fl
    from ranked

)
{%- endmacro %}

{#- Between rows equally close to the target: the later or the earlier, as the study file says; then the row delivered
last. -#}
{% macro later_or_earlier_first() -%}
    case when tie = 'later' then dtc end desc nulls last,
                case when tie = 'earlier' then dtc end asc nulls last,
                delivery_rank desc,
                srcseq desc,
                visit nulls last,
                atpt nulls last
{%- endmacro %}
