{#- One kind of alert out of one table: a select without its joins and conditions. -#}
{% macro safety_alert(table, alert, rule, term, avisit, atpt, qualifiers, section, aval, adt, srcdom=none) -%}
    select
        {{ table }}.studyid,
        {{ table }}.usubjid,
        {{ table }}.siteid,
        {{ alert }} as alert,
        {{ rule }} as rule,
        cast({{ section }} as varchar) as section,
        {{ term }} as term,
        cast({{ avisit }} as varchar) as avisit,
        cast({{ atpt }} as varchar) as atpt,
        cast({{ qualifiers }} as varchar) as qualifiers,
        {{ srcdom or table ~ '.srcdom' }} as srcdom,
        {{ table }}.delivery_id,
        {{ table }}.source_file,
        cast({{ aval }} as double) as aval,
        {{ table }}.srcseq,
        {{ adt }} as adt
    from {{ table }}
{%- endmacro %}

{#- CTEs that lay alerts beside the subject, its arm and its last dose; the last is `placed`. -#}
{% macro alerts_placed(rows) -%}
subjects as (

    select * from {{ ref('adsl') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

placed as (

    select
        {{ rows }}.studyid,
        {{ rows }}.usubjid,
        coalesce(subjects.siteid, {{ rows }}.siteid) as siteid,
        treatments.trta,
        {{ rows }}.alert,
        {{ rows }}.rule,
        {{ rows }}.section,
        {{ rows }}.term,
        {{ rows }}.avisit,
        {{ rows }}.atpt,
        {{ rows }}.qualifiers,
        {{ rows }}.srcdom,
        {{ rows }}.delivery_id,
        {{ rows }}.source_file,
        cast(doses.dose_number as integer) as dose_number,
        {{ study_day(rows ~ '.adt', 'subjects.trtsdt') }} as ady,
        {{ days_between('doses.adt', rows ~ '.adt') }} as days_since_dose,
        {{ rows }}.aval,
        {{ rows }}.srcseq,
        {{ flag(rows ~ '.adt >= subjects.trtsdt') }} as after_first_dose_fl,
        {{ rows }}.adt
    from {{ rows }}
    left join subjects
        on {{ rows }}.usubjid = subjects.usubjid
    left join doses
        on {{ is_last_dose_before('doses', rows, rows ~ '.adt') }}
    left join treatments
        on {{ is_treated_on('treatments', rows, rows ~ '.adt') }}

)
{%- endmacro %}
