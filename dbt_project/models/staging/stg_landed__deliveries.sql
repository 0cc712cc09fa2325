with source as (

    select * from {{ source('landed', 'deliveries') }}

),

final as (

    select
        siteid,
        file,
        outcome,
        codes,
        delivery_id,
        delivery_rank,
        rows_in,
        rows_accepted,
        rows_quarantined,
        is_current,
        delivered_on
    from source

)

select * from final
