with results as (

    select * from {{ ref('int_lab_results_dated') }}

),

{{ placed_in_visits('results') }},

final as (

    select
        studyid,
        usubjid,
        siteid,
        case when is_in_period then trta end as trta,
        paramcd,
        param,
        avisit,
        atpt,
        qualifiers,
        basetype,
        avalu,
        coalesce(mean_dtype, dtype) as dtype,
        reported,
        delivery_id,
        source_file,
        case when is_in_period then aperiod end as aperiod,
        avisitn,
        analysis_day as ady,
        analysis_value as aval,
        srcseq,
        blqfl,
        alqfl,
        ablfl,
        anl01fl,
        adtf,
        dtc,
        adt
    from placed

)

select * from final
