{#- One course of follow-up: a subject's period, a durability parameter and a kind of event. -#}
{% macro episode() -%}
    usubjid, paramcd, aperiod, evntdesc
{%- endmacro %}

{#- The order of assessments in time; rows of one day by their time, then as delivered. -#}
{% macro assessment_order() -%}
    ady, dtc, delivery_rank, srcseq
{%- endmacro %}

{#- Why a time without an event ends at its last assessment, or never began; `subjects` has the end of study status. -#}
{% macro censoring_reason(subjects, has_next_period) -%}
    case
            -- The next period's dose ends the follow-up of the one before, however the study went on.
            when {{ has_next_period }} then 'END OF FOLLOW-UP'
            when {{ subjects }}.dcsreas = 'DEATH' then 'DEATH'
            when {{ subjects }}.eosstt = 'DISCONTINUED' then 'WITHDRAWAL'
            when {{ subjects }}.eosstt = 'ONGOING' then 'DATA CUTOFF'
            else 'END OF FOLLOW-UP'
        end
{%- endmacro %}

{#- Why there was no onset: nothing to see it by, else why the time ends at its last assessment. -#}
{% macro onset_censoring_reason(onset, subjects, has_next_period) -%}
    case
            when {{ onset }}.cnsr = 0 then null
            when {{ onset }}.base is null and {{ onset }}.measure = 'response' then 'NO BASELINE'
            when {{ onset }}.last_place is null then 'NO ASSESSMENT'
            else {{ censoring_reason(subjects, has_next_period) }}
        end
{%- endmacro %}
