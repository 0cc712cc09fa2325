with landed as (

    select * from {{ ref('stg_landed__deliveries') }}

),

final as (

    select
        siteid,
        file,
        layout_file,
        outcome,
        codes,
        delivery_id,
        rows_in,
        rows_accepted,
        rows_quarantined,
        is_current,
        is_late,
        delivered_on,
        expected_on
    from landed

)

select * from final
