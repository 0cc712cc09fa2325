{#- One course of follow-up: a subject's period, a durability parameter and a kind of event. -#}
{% macro episode() -%}
    usubjid, paramcd, aperiod, evntdesc
{%- endmacro %}

{#- The order of assessments in time; rows of one day by their time, then as delivered. -#}
{% macro assessment_order() -%}
    ady, dtc, delivery_rank, srcseq
{%- endmacro %}
