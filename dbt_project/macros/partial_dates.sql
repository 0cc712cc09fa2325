{#- What is known of an ISO 8601 date from its year on: 2026-01-05, 2026-01, 2026, or nothing. Of 2026---15 it is the
year, of --12-15 nothing, of an interval what its two ends have in common. Null where there is no text. -#}
{% macro known_part(dtc) -%}
    case
            when {{ dtc }} not like '%/%' then {{ from_the_year_on(dtc) }}
            {%- for length in (10, 7, 4) %}
            when substr({{ dtc }}, 1, {{ length }}) = substr(split_part({{ dtc }}, '/', 2), 1, {{ length }})
                then {{ from_the_year_on("substr(" ~ dtc ~ ", 1, " ~ length ~ ")") }}
            {%- endfor %}
            when {{ dtc }} is not null then ''
        end
{%- endmacro %}

{% macro from_the_year_on(dtc) -%}
    regexp_extract({{ dtc }}, '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?', 0)
{%- endmacro %}

{#- A date known in part, completed as the study file says (admiral's rules: mid is the 15th, or 30 June): the first or
last day that it can be. Of a date of which nothing is known that is the bound. -#}
{% macro completed_date(known, impute, highest, not_before, not_after) -%}
    case
            when length({{ known }}) = 10 then try_cast({{ known }} as date)
            when {{ impute }} = 'none' then null
            when length({{ known }}) = 7 and {{ impute }} = 'first' then try_cast({{ known }} || '-01' as date)
            when length({{ known }}) = 7 and {{ impute }} = 'mid' then try_cast({{ known }} || '-15' as date)
            when length({{ known }}) = 7 then last_day(try_cast({{ known }} || '-01' as date))
            when {{ highest }} = 'day' then null
            when length({{ known }}) = 4 and {{ impute }} = 'first' then try_cast({{ known }} || '-01-01' as date)
            when length({{ known }}) = 4 and {{ impute }} = 'mid' then try_cast({{ known }} || '-06-30' as date)
            when length({{ known }}) = 4 then try_cast({{ known }} || '-12-31' as date)
            when {{ highest }} = 'month' then null
            when {{ impute }} = 'first' then {{ not_before }}
            when {{ impute }} = 'last' then {{ not_after }}
        end
{%- endmacro %}

{#- A completed date kept within its bounds, each of which counts where what is known leaves it possible. -#}
{% macro date_within(completed, known, not_before, not_after) -%}
    case
            when length({{ known }}) = 10 or {{ completed }} is null then {{ completed }}
            when {{ starts_as_known(not_after, known) }}
                then least({{ date_from(completed, known, not_before) }}, {{ not_after }})
            else {{ date_from(completed, known, not_before) }}
        end
{%- endmacro %}

{% macro date_from(completed, known, not_before) -%}
    case
                    when {{ starts_as_known(not_before, known) }} then greatest({{ completed }}, {{ not_before }})
                    else {{ completed }}
                end
{%- endmacro %}

{% macro starts_as_known(bound, known) -%}
    substr(cast({{ bound }} as varchar), 1, cast(length(coalesce({{ known }}, '')) as integer))
                = coalesce({{ known }}, '')
{%- endmacro %}

{#- ADaM's date imputation flag: the highest part that was completed, D, M or Y; null for a date as collected. -#}
{% macro date_imputation_flag(date, known) -%}
    case
            when {{ date }} is null or length({{ known }}) = 10 then null
            when length({{ known }}) = 7 then 'D'
            when length({{ known }}) = 4 then 'M'
            else 'Y'
        end
{%- endmacro %}

{#- The date of a subject that a bound names; of an event's end only a date with its day is one. -#}
{% macro date_of_subject(bound) -%}
    case {{ bound }}
            when 'first_dose' then classified.trtsdt
            when 'consent' then subjects.icdt
            when 'event_end' then {{ full_date('known.aeendtc') }}
            when 'end_of_study' then classified.eosdt
            when 'death' then subjects.dthdt
            when 'data_cutoff' then settings.data_cutoff
        end
{%- endmacro %}

{#- CTEs from assessments to `assessed`: the date `assessed_on`, completed as the study file says, its flag `adtf`, and on
how many days before a period's dose it may belong to that period (what the site wrote down as another visit does not);
with the protocol version and the study day 1 of its subject. -#}
{% macro assessments_dated(relation, dtc) %}
settings as (

    select * from {{ source('study', 'settings') }}

),

visits as (

    select * from {{ source('study', 'visits') }}

),

scheduled as (

    select * from {{ ref('int_subjects_scheduled') }}

),

partial_dates as (

    select * from {{ source('study', 'partial_dates') }}

),

known as (

    select
        *,
        {{ known_part(dtc) }} as known_date
    from {{ relation }}

),

completed as (

    select
        known.*,
        -- Of a subject without demographics no version is known: its visits are those of the first.
        coalesce(scheduled.protocol_version, settings.first_version) as protocol_version,
        scheduled.day_one_date,
        case when coalesce(visits.is_baseline, true) then settings.baseline_lead_in_days else 0 end as lead_in_days,
        {{ completed_date('known.known_date', 'partial_dates.impute', 'partial_dates.highest', 'null', 'null') }}
            as assessed_on
    from known
    cross join settings
    left join visits
        on known.visit = visits.visit
    left join scheduled
        on known.usubjid = scheduled.usubjid
    left join partial_dates
        on partial_dates.date_of = 'assessment'

),

assessed as (

    select
        *,
        {{ date_imputation_flag('assessed_on', 'known_date') }} as adtf
    from completed

)
{%- endmacro %}
