with source as (

    select * from {{ source('landed', 'history_deliveries') }}

),

final as (

    select
        delivery_id,
        file,
        export_number,
        step,
        delivered_on
    from source

)

select * from final
