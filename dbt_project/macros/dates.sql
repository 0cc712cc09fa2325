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
