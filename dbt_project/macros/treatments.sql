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

{#- Join condition: the last dose on or before a date. -#}
{% macro is_last_dose_before(doses, relation, date) -%}
    {{ relation }}.usubjid = {{ doses }}.usubjid
    and {{ date }} >= {{ doses }}.adt
    and ({{ date }} < {{ doses }}.next_dose_date or {{ doses }}.next_dose_date is null)
{%- endmacro %}
