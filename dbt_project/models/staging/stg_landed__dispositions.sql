with source as (

    select * from {{ source('landed', 'ds') }}

),

ranked as (

    select
        *,
        -- A rank, not a row number: two rows of one delivery stay two rows, for landing's checks and the gate to judge.
        rank() over (
            partition by
                usubjid,
                dsdecod,
                dsstdtc,
                period,
                dscat,
                dsscat,
                epoch
            order by delivery_rank desc
        ) as restatement
    from source

),

final as (

    select
        studyid,
        usubjid,
        dsterm,
        dsdecod,
        dscat,
        arm,
        dsstdtc,
        _delivery_id as delivery_id,
        _source_file as source_file,
        delivery_rank,
        _source_row as srcseq,
        _record as record,
        cast(period as integer) as period,
        {{ full_date('dsstdtc') }} as adt
    from ranked
    where restatement = 1

)

select * from final
