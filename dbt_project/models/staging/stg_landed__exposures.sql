with source as (

    select * from {{ source('landed', 'ex') }}

),

ranked as (

    select
        *,
        -- A rank, not a row number: two rows of one delivery stay two rows, for landing's checks and the gate to judge.
        rank() over (
            partition by
                usubjid,
                visit,
                exstdtc,
                period,
                exseq
            order by delivery_rank desc
        ) as restatement
    from source

),

final as (

    select
        studyid,
        usubjid,
        visit,
        arm,
        extrt,
        exdosu,
        excat,
        exstdtc,
        exendtc,
        exseq,
        exdose,
        _delivery_id as delivery_id,
        _source_file as source_file,
        delivery_rank,
        _source_row as srcseq,
        _record as record,
        cast(period as integer) as period,
        {{ full_date('exstdtc') }} as adt,
        {{ full_date('exendtc') }} as exendt
    from ranked
    where restatement = 1

)

select * from final
