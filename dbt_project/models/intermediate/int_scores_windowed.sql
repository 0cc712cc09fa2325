with scores as (

    select * from {{ ref('int_scores_dated') }}

),

{{ placed_in_visits('scores') }},

final as (

    select
        usubjid,
        case when is_in_period then trta end as trta,
        paramcd,
        param,
        avisit,
        atpt,
        qualifiers,
        basetype,
        avalcat1,
        coalesce(mean_dtype, dtype) as dtype,
        total_source,
        missing_reason,
        case when is_in_period then aperiod end as aperiod,
        avisitn,
        target_day,
        analysis_day as ady,
        items_answered,
        items_expected,
        source_rows,
        delivery_rank,
        srcseq,
        item_sum,
        collected_total,
        analysis_value as aval,
        is_baseline_candidate,
        ablfl,
        anl01fl,
        adtf,
        dtc,
        adt,
        -- What days count from, in a crossover the dose of the period.
        case when is_crossover then first_dose_date else coalesce(day_one_date, first_dose_date) end as first_dose_date
    from placed

)

select * from final
