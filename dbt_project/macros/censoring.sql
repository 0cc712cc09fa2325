{#- Why a time without an event ends: what became of the subject's participation. -#}
{% macro end_of_follow_up(subjects) -%}
    case
        when {{ subjects }}.dcsreas = 'DEATH' then 'DEATH'
        when {{ subjects }}.eosstt = 'DISCONTINUED' then 'WITHDRAWAL'
        when {{ subjects }}.eosstt = 'ONGOING' then 'DATA CUTOFF'
        else 'END OF FOLLOW-UP'
    end
{%- endmacro %}
