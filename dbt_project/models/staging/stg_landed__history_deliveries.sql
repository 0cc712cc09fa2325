with source as (

    select * from {{ source('landed', 'history_deliveries') }}

),

final as (

    select
        delivery_id,
        file,
        export_number,
        step,
        last_step,
        is_increment,
        delivered_on
    from source

)

select * from final
