{#- Join condition: the treatment a subject was under on a date. In a crossover the period that the date falls into. -#}
{% macro is_treated_on(treatments, relation, date) -%}
    {{ relation }}.usubjid = {{ treatments }}.usubjid
    and (
        {{ treatments }}.is_whole_study
        or (
            {{ date }} >= {{ treatments }}.first_dose_date
            and ({{ date }} < {{ treatments }}.next_period_date or {{ treatments }}.next_period_date is null)
        )
    )
{%- endmacro %}

{#- Join condition: the period whose course an assessment belongs to. Where each period has its own baseline, that is
taken up to `lead_in_days` before the period's dose. -#}
{% macro is_assessed_in(treatments, relation, date) -%}
    {{ relation }}.usubjid = {{ treatments }}.usubjid
    and (
        {{ treatments }}.is_whole_study
        or (
            {{ date }} >= {{ days_before(treatments ~ ".first_dose_date", relation ~ ".lead_in_days") }}
            and (
                {{ date }} < {{ days_before(treatments ~ ".next_period_date", relation ~ ".lead_in_days") }}
                or {{ treatments }}.next_period_date is null
            )
        )
    )
{%- endmacro %}

{#- Join condition: the last dose on or before a date. -#}
{% macro is_last_dose_before(doses, relation, date) -%}
    {{ relation }}.usubjid = {{ doses }}.usubjid
    and {{ date }} >= {{ doses }}.adt
    and ({{ date }} < {{ doses }}.next_dose_date or {{ doses }}.next_dose_date is null)
{%- endmacro %}
