with source as (

    select * from {{ source('landed', 'ae') }}

),

ranked as (

    select
        *,
        -- A rank, not a row number: two rows of one delivery stay two rows, for landing's checks and the gate to judge.
        rank() over (
            partition by
                usubjid,
                aeseq,
                aeterm,
                aestdtc
            order by delivery_rank desc
        ) as restatement
    from source

),

final as (

    select
        studyid,
        usubjid,
        siteid,
        aeterm,
        aedecod,
        aebodsys,
        aesev,
        aesevini,
        aeser,
        aerel,
        aeout,
        aestdtc,
        aeendtc,
        _delivery_id as delivery_id,
        _source_file as source_file,
        delivery_rank,
        _source_row as srcseq,
        _record as record
    from ranked
    where restatement = 1

)

select * from final
