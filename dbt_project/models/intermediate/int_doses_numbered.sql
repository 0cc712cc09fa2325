with exposures as (

    select * from {{ ref('stg_landed__exposures') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

arms as (

    select * from {{ source('study', 'arms') }}

),

-- Only codes of the study file are treatments: an export may write SCRNFAIL and the like into the same column.
numbered as (

    select
        exposures.*,
        arms.arm as dosed_arm,
        case when settings.design = 'crossover' then exposures.period else 1 end as aperiod,
        row_number() over (
            partition by exposures.usubjid
            order by
                exposures.adt nulls last,
                exposures.period,
                exposures.exseq,
                exposures.delivery_rank,
                exposures.srcseq,
                exposures.record
        ) as dose_number
    from exposures
    cross join settings
    left join arms
        on exposures.arm = arms.arm

),

final as (

    select
        studyid,
        usubjid,
        visit,
        dosed_arm as arm,
        extrt,
        exdosu,
        excat,
        delivery_id,
        source_file,
        aperiod,
        dose_number,
        exdose,
        srcseq,
        exstdtc as dtc,
        exendtc as endtc,
        adt,
        exendt,
        lag(adt) over (partition by usubjid order by dose_number) as previous_dose_date,
        lead(adt) over (partition by usubjid order by dose_number) as next_dose_date
    from numbered

)

select * from final
