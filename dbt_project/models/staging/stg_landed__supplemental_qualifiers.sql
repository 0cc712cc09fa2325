with source as (

    select * from {{ source('landed', 'suppqual') }}

),

ranked as (

    select
        *,
        -- A rank, not a row number: two rows of one delivery stay two rows, for landing's checks and the gate to judge.
        rank() over (
            partition by
                usubjid,
                rdomain,
                idvar,
                idvarval,
                qnam
            order by delivery_rank desc
        ) as restatement
    from source

),

final as (

    select
        usubjid,
        rdomain,
        qnam,
        qval
    from ranked
    where restatement = 1

)

select * from final
