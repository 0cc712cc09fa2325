{#- The minute of an ISO 8601 text that has a time; null for one without. -#}
{% macro full_minute(dtc) -%}
    case when length({{ dtc }}) >= 16 and {{ dtc }} not like '%/%' then try_cast(substr({{ dtc }}, 1, 10) || ' ' || substr({{ dtc }}, 12, 5) || ':00' as timestamp) end
{%- endmacro %}

{#- Whole minutes from one ISO 8601 text to another; null where one of them has no time. -#}
{% macro minutes_between(start_dtc, end_dtc) -%}
    {{ return(adapter.dispatch('minutes_between')(full_minute(start_dtc), full_minute(end_dtc))) }}
{%- endmacro %}

{% macro default__minutes_between(start_minute, end_minute) -%}
    cast(date_diff('minute', {{ start_minute }}, {{ end_minute }}) as integer)
{%- endmacro %}

{% macro spark__minutes_between(start_minute, end_minute) -%}
    cast((unix_timestamp({{ end_minute }}) - unix_timestamp({{ start_minute }})) / 60 as integer)
{%- endmacro %}

{#- Minutes after the dose that a time point names (`40 MIN`, `24 H`, `30 MIN PRE-DOSE` is -30); null for any other. -#}
{% macro timepoint_minutes(timepoint) -%}
    cast(
        try_cast(split_part(upper({{ timepoint }}), ' ', 1) as double)
        * case split_part(upper({{ timepoint }}), ' ', 2)
            when 'MIN' then 1 when 'MINUTES' then 1 when 'H' then 60 when 'HOUR' then 60 when 'HOURS' then 60
        end
        * case when upper({{ timepoint }}) like '%PRE%' then -1 else 1 end
        as integer
    )
{%- endmacro %}

{#- Minutes from the last dose to an assessment: by its time and the dose's where both are known, else as its time point
names them. -#}
{% macro minutes_since_dose(dose_dtc, dtc, timepoint) -%}
    coalesce({{ minutes_between(dose_dtc, dtc) }}, {{ timepoint_minutes(timepoint) }})
{%- endmacro %}
