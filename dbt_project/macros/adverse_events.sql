{#- Severity as a number (CDISC controlled terminology, AESEV, and CTCAE's two above it), to compare two. -#}
{% macro severity_rank(severity) -%}
    case upper({{ severity }})
            when 'MILD' then 1
            when 'MODERATE' then 2
            when 'SEVERE' then 3
            when 'LIFE THREATENING' then 4
            when 'FATAL' then 5
        end
{%- endmacro %}

{#- Whether an event started on or after the first dose. A start that is known in part counts unless its known part, or
the end, rules it out. -#}
{% macro started_after_first_dose(start_dtc, end_dtc, first_dose_date) -%}
    case
            when {{ first_dose_date }} is null then 'N'
            when {{ known_part_is_before(start_dtc, first_dose_date) }} then 'N'
            when length(coalesce({{ start_dtc }}, '')) < 10 and {{ known_part_is_before(end_dtc, first_dose_date) }} then 'N'
            else 'Y'
        end
{%- endmacro %}
