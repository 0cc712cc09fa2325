with source as (

    select * from {{ source('landed', 'deliveries') }}

),

final as (

    select
        siteid,
        file,
        layout_file,
        outcome,
        codes,
        delivery_id,
        delivery_rank,
        rows_in,
        rows_accepted,
        rows_quarantined,
        is_current,
        is_late,
        delivered_on,
        expected_on
    from source

)

select * from final
