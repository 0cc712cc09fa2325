{#- The date of an ISO 8601 text, when its day is known; null for a partial one and for an interval. -#}
{% macro full_date(dtc) -%}
    case when length({{ dtc }}) >= 10 and {{ dtc }} not like '%/%' then try_cast(substr({{ dtc }}, 1, 10) as date) end
{%- endmacro %}

{#- Whole days from one date to another. -#}
{% macro days_between(start_date, end_date) -%}
    {{ return(adapter.dispatch('days_between')(start_date, end_date)) }}
{%- endmacro %}

{% macro default__days_between(start_date, end_date) -%}
    cast({{ end_date }} - {{ start_date }} as integer)
{%- endmacro %}

{% macro spark__days_between(start_date, end_date) -%}
    datediff({{ end_date }}, {{ start_date }})
{%- endmacro %}

{#- What an assessment's study days count from: in a crossover the dose of its period, else the subject's study day 1. -#}
{% macro day_one_of(assessments, treatments='treatments', is_whole_study='treatments.is_whole_study') -%}
    case when {{ is_whole_study }} then {{ assessments }}.day_one_date
            else coalesce({{ treatments }}.first_dose_date, {{ assessments }}.day_one_date)
        end
{%- endmacro %}

{#- The date on which a subject reached what a setting names. -#}
{% macro milestone_date(milestone) -%}
    case {{ milestone }}
            when 'first_dose' then first_doses.first_dose_date
            when 'randomisation' then randomisations.randdt
            when 'consent' then subjects.icdt
        end
{%- endmacro %}

{#- The date so many days before another. -#}
{% macro days_before(date, days) -%}
    {{ return(adapter.dispatch('days_before')(date, days)) }}
{%- endmacro %}

{% macro default__days_before(date, days) -%}
    cast({{ date }} - {{ days }} as date)
{%- endmacro %}

{% macro spark__days_before(date, days) -%}
    date_sub({{ date }}, {{ days }})
{%- endmacro %}

{#- An ISO 8601 text to the minute; null where its time is not known. -#}
{% macro to_the_minute(dtc) -%}
    nullif(regexp_extract({{ dtc }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}', 0), '')
{%- endmacro %}

{#- Hours from one ISO 8601 text to another, by the minute; null unless both hold a time of day. -#}
{% macro hours_between(start_dtc, end_dtc) -%}
    {{ return(adapter.dispatch('hours_between')(start_dtc, end_dtc)) }}
{%- endmacro %}

{% macro default__hours_between(start_dtc, end_dtc) -%}
    case
        when length({{ start_dtc }}) >= 16 and length({{ end_dtc }}) >= 16
            then
                date_diff(
                    'minute',
                    try_cast(substr({{ start_dtc }}, 1, 16) as timestamp),
                    try_cast(substr({{ end_dtc }}, 1, 16) as timestamp)
                ) / cast(60 as double)
    end
{%- endmacro %}

{% macro spark__hours_between(start_dtc, end_dtc) -%}
    case
        when length({{ start_dtc }}) >= 16 and length({{ end_dtc }}) >= 16
            then
                (
                    unix_timestamp(try_cast(substr({{ end_dtc }}, 1, 16) as timestamp))
                    - unix_timestamp(try_cast(substr({{ start_dtc }}, 1, 16) as timestamp))
                ) / cast(3600 as double)
    end
{%- endmacro %}

{#- CDISC study day: day 1 is the first dose, the day before is -1, there is no day 0. -#}
{% macro study_day(date, first_dose_date) -%}
    case
        when {{ date }} >= {{ first_dose_date }} then {{ days_between(first_dose_date, date) }} + 1
        else {{ days_between(first_dose_date, date) }}
    end
{%- endmacro %}

{#- Study days closed up over the missing day 0, so that differences are days. -#}
{% macro elapsed(study_day) -%}
    case when {{ study_day }} < 0 then {{ study_day }} + 1 else {{ study_day }} end
{%- endmacro %}

{#- Whether what is known of a partial ISO 8601 date lies before a full date: 2026-02 is before 2026-03-01, 2026-03 is not. -#}
{% macro known_part_is_before(known, full_date) -%}
    coalesce(
                {{ known }} < substr(cast({{ full_date }} as varchar), 1, cast(length({{ known }}) as integer)),
                false
            )
{%- endmacro %}
