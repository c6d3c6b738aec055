"""THE TABLE of our own catalogue: invented products, their looks, sizes and prices.

One row per SKU. Rows of one family differ only in accent colour, motif, variant or size, on
purpose: they are the look-alikes. Drawing is label_art.py's work, shaping product_mesh.py's.
"""

# ruff: noqa: E501  (a table reads by columns)

from dataclasses import dataclass
from typing import Literal

Shape = Literal[
    "carton", "gable", "can", "bottle", "wine", "squeeze", "jar", "pouch", "tube", "blob"
]
Finish = Literal["matte", "satin", "gloss", "metal"]


@dataclass(frozen=True)
class Product:
    """One row.

    Attributes:
        size_cm: width, depth, height standing up.
        base, accent: colours as RRGGBB; `accent` also paints cap, motif and variant band.
        style: layout of the label, 0 to 5; family members share it.
        price_minor: euro cents, per piece or per kilogram.
    """

    sku_id: str
    shape: Shape
    size_cm: tuple[float, float, float]
    brand: str
    noun: str
    variant: str
    size_text: str
    base: str
    accent: str
    style: int
    motif: str
    finish: Finish
    category: str
    price_minor: int
    weight_g: float
    family: str = ""
    age_limit: int = 0
    deposit_minor: int = 0
    allergens: tuple[str, ...] = ()
    unit: Literal["each", "kg"] = "each"
    plu: str = ""
    tax_class: Literal["standard", "reduced"] = "reduced"


P = Product
# fmt: off
PRODUCTS: tuple[Product, ...] = (
    P("juice_orange_1l", "gable", (7.2, 7.2, 19.5), "Sunbarra", "juice", "v_orange", "1 l", "F7F3E4", "F08A00", 0, "fruit", "satin", "drinks/juice", 229, 1062, "sunbarra_juice"),
    P("juice_apple_1l", "gable", (7.2, 7.2, 19.5), "Sunbarra", "juice", "v_apple", "1 l", "F7F3E4", "6FA524", 0, "fruit", "satin", "drinks/juice", 199, 1060, "sunbarra_juice"),
    P("juice_multi_1l", "gable", (7.2, 7.2, 19.5), "Sunbarra", "juice", "v_multi", "1 l", "F7F3E4", "D2335C", 0, "fruit", "satin", "drinks/juice", 249, 1066, "sunbarra_juice"),
    P("milk_whole_1l", "gable", (7.0, 7.0, 18.5), "Almweide", "milk", "v_whole", "1 l", "FDFDFB", "1F5FA8", 3, "hills", "satin", "dairy/milk", 139, 1056, "almweide_milk", allergens=("milk",)),
    P("milk_low_1l", "gable", (7.0, 7.0, 18.5), "Almweide", "milk", "v_low", "1 l", "FDFDFB", "58B4DC", 3, "hills", "satin", "dairy/milk", 129, 1058, "almweide_milk", allergens=("milk",)),
    P("cereal_classic_375", "carton", (19.0, 5.6, 26.5), "Knisto", "cereal", "v_classic", "375 g", "FFD23C", "C4202A", 1, "flakes", "matte", "breakfast/cereal", 299, 446, "knisto_cereal", allergens=("gluten",)),
    P("cereal_honey_375", "carton", (19.0, 5.6, 26.5), "Knisto", "cereal", "v_honey", "375 g", "FFD23C", "D88010", 1, "flakes", "matte", "breakfast/cereal", 329, 450, "knisto_cereal", allergens=("gluten",)),
    P("cereal_choco_375", "carton", (19.0, 5.6, 26.5), "Knisto", "cereal", "v_choco", "375 g", "FFD23C", "5A3318", 1, "flakes", "matte", "breakfast/cereal", 329, 449, "knisto_cereal", allergens=("gluten", "milk")),
    P("tea_mint_20", "carton", (13.0, 6.4, 7.4), "Lindhof", "tea", "v_mint", "20 x 2 g", "E9F2E0", "1E8A55", 2, "leaf", "matte", "breakfast/tea", 189, 72, "lindhof_tea"),
    P("tea_chamomile_20", "carton", (13.0, 6.4, 7.4), "Lindhof", "tea", "v_chamo", "20 x 2 g", "E9F2E0", "E2B100", 2, "leaf", "matte", "breakfast/tea", 189, 70, "lindhof_tea"),
    P("tea_berry_20", "carton", (13.0, 6.4, 7.4), "Lindhof", "tea", "v_berry", "20 x 2 g", "E9F2E0", "8B2A6B", 2, "leaf", "matte", "breakfast/tea", 199, 74, "lindhof_tea"),
    P("choc_milk_100", "carton", (16.4, 1.2, 8.2), "Corvello", "chocolate", "v_milkch", "100 g", "7A2BA0", "F1C9E8", 4, "squares", "gloss", "sweets/chocolate", 129, 108, "corvello_chocolate", allergens=("milk", "soy")),
    P("choc_dark_100", "carton", (16.4, 1.2, 8.2), "Corvello", "chocolate", "v_dark", "100 g", "7A2BA0", "2A1410", 4, "squares", "gloss", "sweets/chocolate", 149, 108, "corvello_chocolate", allergens=("soy",)),
    P("choc_hazelnut_100", "carton", (16.4, 1.2, 8.2), "Corvello", "chocolate", "v_hazel", "100 g", "7A2BA0", "D99A4E", 4, "squares", "gloss", "sweets/chocolate", 139, 108, "corvello_chocolate", allergens=("milk", "nuts", "soy")),
    P("pasta_penne_500", "carton", (11.0, 5.2, 19.0), "Trebbia", "pasta", "v_penne", "500 g", "15458A", "F2E2A8", 5, "grain", "matte", "pantry/pasta", 119, 528, "trebbia_pasta", allergens=("gluten",)),
    P("pasta_fusilli_500", "carton", (11.0, 5.2, 19.0), "Trebbia", "pasta", "v_fusilli", "500 g", "15458A", "9BD08A", 5, "grain", "matte", "pantry/pasta", 119, 528, "trebbia_pasta", allergens=("gluten",)),
    P("crackers_200", "carton", (9.4, 6.0, 15.0), "Ostra", "crackers", "", "200 g", "E4572E", "FFF1D0", 0, "squares", "matte", "snacks/savoury", 169, 231, allergens=("gluten",)),
    P("rice_1kg", "carton", (12.0, 5.8, 17.5), "Mirasol", "rice", "", "1 kg", "FBF6EA", "0F7B6C", 3, "grain", "matte", "pantry/rice", 219, 1034),
    P("cookies_choco_250", "carton", (20.5, 5.0, 9.0), "Pattershaw", "cookies", "v_choco", "250 g", "2C1B12", "E9A23B", 1, "dots", "satin", "sweets/cookies", 219, 281, allergens=("gluten", "milk", "egg")),
    P("toothpaste_75", "carton", (18.2, 3.8, 4.6), "Dentara", "toothpaste", "v_mint", "75 ml", "FFFFFF", "00A3B4", 4, "wave", "gloss", "care/teeth", 149, 121, tax_class="standard"),
    P("soap_bar_125", "carton", (9.4, 3.4, 6.2), "Lumea", "soap", "v_aloe", "125 g", "F2D7E6", "4A8F5C", 2, "leaf", "satin", "care/soap", 99, 133, tax_class="standard"),
    P("tissues_box", "carton", (21.5, 11.2, 7.0), "Wattina", "tissues", "", "100", "BFE3F2", "2F6DB5", 5, "wave", "matte", "household/paper", 159, 236, tax_class="standard"),
    P("cola_330", "can", (6.6, 6.6, 11.6), "Zaffo", "cola", "v_classic", "330 ml", "B8121B", "FFFFFF", 0, "wave", "metal", "drinks/soda", 89, 357, "zaffo_cans", deposit_minor=25, tax_class="standard"),
    P("cola_zero_330", "can", (6.6, 6.6, 11.6), "Zaffo", "cola", "v_zero", "330 ml", "18181C", "FFFFFF", 0, "wave", "metal", "drinks/soda", 89, 352, "zaffo_cans", deposit_minor=25, tax_class="standard"),
    P("lemonade_330", "can", (6.6, 6.6, 11.6), "Zaffo", "lemonade", "", "330 ml", "F6D400", "2E8B3D", 0, "fruit", "metal", "drinks/soda", 89, 356, "zaffo_cans", deposit_minor=25, tax_class="standard"),
    P("beer_can_500", "can", (6.6, 6.6, 16.8), "Harrow", "beer", "", "500 ml", "E8E2CF", "0E4D2B", 3, "grain", "metal", "drinks/beer", 119, 526, age_limit=16, deposit_minor=25, allergens=("gluten",), tax_class="standard"),
    P("soup_tomato_400", "can", (7.5, 7.5, 11.0), "Mulden", "soup", "v_tomato", "400 g", "F4ECD8", "CF2A1E", 1, "bowl", "satin", "pantry/soup", 189, 459, "mulden_soup", allergens=("celery",)),
    P("soup_lentil_400", "can", (7.5, 7.5, 11.0), "Mulden", "soup", "v_lentil", "400 g", "F4ECD8", "8A6A1F", 1, "bowl", "satin", "pantry/soup", 189, 462, "mulden_soup", allergens=("celery",)),
    P("tuna_oil_160", "can", (8.5, 8.5, 4.2), "Marela", "tuna", "v_inoil", "160 g", "0B3C6F", "F5C400", 4, "fish", "metal", "pantry/fish", 179, 193, "marela_tuna", allergens=("fish",)),
    P("tuna_brine_160", "can", (8.5, 8.5, 4.2), "Marela", "tuna", "v_brine", "160 g", "0B3C6F", "7FD1E8", 4, "fish", "metal", "pantry/fish", 179, 191, "marela_tuna", allergens=("fish",)),
    P("beans_415", "can", (7.4, 7.4, 10.8), "Tolby", "beans", "", "415 g", "12808A", "FFE36E", 5, "dots", "satin", "pantry/vegetables", 109, 468),
    P("corn_285", "can", (7.0, 7.0, 8.0), "Tolby", "corn", "", "285 g", "2A7D32", "FFD000", 2, "grain", "satin", "pantry/vegetables", 99, 331),
    P("water_still_500", "bottle", (6.4, 6.4, 21.5), "Fontela", "water", "v_still", "0.5 l", "BFE0F0", "1667B7", 3, "wave", "gloss", "drinks/water", 49, 520, "fontela_water", deposit_minor=25, tax_class="standard"),
    P("water_still_1000", "bottle", (8.0, 8.0, 27.0), "Fontela", "water", "v_still", "1.0 l", "BFE0F0", "1667B7", 3, "wave", "gloss", "drinks/water", 69, 1034, "fontela_water", deposit_minor=25, tax_class="standard"),
    P("water_sparkling_500", "bottle", (6.4, 6.4, 21.5), "Fontela", "water", "v_sparkle", "0.5 l", "BFE0F0", "2FA86A", 3, "wave", "gloss", "drinks/water", 49, 520, "fontela_water", deposit_minor=25, tax_class="standard"),
    P("wine_red_750", "wine", (7.4, 7.4, 29.5), "Vale Aron", "wine", "v_red", "0.75 l", "1B2A1C", "7B0F24", 2, "hills", "gloss", "drinks/wine", 599, 1250, "vale_aron_wine", age_limit=18, allergens=("sulphites",), tax_class="standard"),
    P("wine_white_750", "wine", (7.4, 7.4, 29.5), "Vale Aron", "wine", "v_white", "0.75 l", "4A5A24", "D9B64A", 2, "hills", "gloss", "drinks/wine", 579, 1248, "vale_aron_wine", age_limit=18, allergens=("sulphites",), tax_class="standard"),
    P("beer_bottle_330", "wine", (6.1, 6.1, 23.0), "Harrow", "beer", "", "330 ml", "5A3310", "C8A24A", 0, "grain", "gloss", "drinks/beer", 99, 545, age_limit=16, deposit_minor=8, allergens=("gluten",), tax_class="standard"),
    P("ketchup_500", "squeeze", (7.4, 5.0, 19.0), "Rossini", "ketchup", "", "500 ml", "C81E1E", "FFFFFF", 1, "fruit", "gloss", "pantry/sauces", 199, 573),
    P("olive_oil_500", "wine", (6.6, 6.6, 26.0), "Oliveta", "oil", "", "500 ml", "6B7A1E", "F2E6B8", 5, "leaf", "gloss", "pantry/oil", 649, 902),
    P("shampoo_repair_300", "squeeze", (7.0, 4.2, 20.0), "Lumea", "shampoo", "v_repair", "300 ml", "F4F0FA", "7C3FA6", 4, "wave", "gloss", "care/hair", 249, 334, "lumea_shampoo", tax_class="standard"),
    P("shampoo_aloe_300", "squeeze", (7.0, 4.2, 20.0), "Lumea", "shampoo", "v_aloe", "300 ml", "F4F0FA", "3F9A62", 4, "wave", "gloss", "care/hair", 249, 334, "lumea_shampoo", tax_class="standard"),
    P("dish_soap_450", "squeeze", (7.8, 5.0, 21.5), "Brillo Mar", "dishsoap", "", "450 ml", "2FC26B", "FFF200", 0, "dots", "gloss", "household/cleaning", 129, 492, tax_class="standard"),
    P("jam_strawberry_340", "jar", (7.2, 7.2, 9.6), "Tessina", "jam", "v_straw", "340 g", "A3132B", "D7263D", 3, "fruit", "gloss", "breakfast/spreads", 249, 545, "tessina_jam"),
    P("jam_apricot_340", "jar", (7.2, 7.2, 9.6), "Tessina", "jam", "v_apricot", "340 g", "D9771E", "F29F05", 3, "fruit", "gloss", "breakfast/spreads", 249, 545, "tessina_jam"),
    P("honey_500", "jar", (8.2, 8.2, 10.4), "Imkerin", "honeyjar", "", "500 g", "C98A12", "FFE9A8", 2, "squares", "gloss", "breakfast/spreads", 459, 742),
    P("pickles_370", "jar", (7.4, 7.4, 13.2), "Gurkow", "pickles", "", "370 g", "5F7A2A", "FDF6C8", 1, "leaf", "gloss", "pantry/vegetables", 189, 655, allergens=("mustard",)),
    P("hazelnut_spread_400", "jar", (7.8, 7.8, 11.0), "Nocetta", "spread", "", "400 g", "4A2412", "FFFFFF", 0, "dots", "gloss", "breakfast/spreads", 329, 640, allergens=("milk", "nuts", "soy")),
    P("mustard_200", "jar", (6.4, 6.4, 8.4), "Dornhelm", "mustard", "", "200 ml", "D9B82A", "1D3A66", 5, "hills", "gloss", "pantry/sauces", 119, 362, allergens=("mustard",)),
    P("yoghurt_500", "jar", (9.4, 9.4, 10.2), "Almweide", "yoghurt", "v_straw", "500 g", "FFFFFF", "E0557B", 4, "fruit", "satin", "dairy/yoghurt", 149, 521, allergens=("milk",)),
    P("chips_salt_175", "pouch", (18.5, 6.5, 27.0), "Krispeo", "chips", "v_salt", "175 g", "1B62B5", "FFFFFF", 1, "dots", "gloss", "snacks/crisps", 199, 187, "krispeo_chips"),
    P("chips_paprika_175", "pouch", (18.5, 6.5, 27.0), "Krispeo", "chips", "v_paprika", "175 g", "C5221F", "FFD23C", 1, "dots", "gloss", "snacks/crisps", 199, 187, "krispeo_chips"),
    P("coffee_mild_250", "pouch", (10.5, 6.0, 17.0), "Bruna", "coffee", "v_mild", "250 g", "3A2418", "D9A066", 2, "bean", "satin", "breakfast/coffee", 399, 262, "bruna_coffee"),
    P("coffee_strong_250", "pouch", (10.5, 6.0, 17.0), "Bruna", "coffee", "v_strong", "250 g", "3A2418", "B3202C", 2, "bean", "satin", "breakfast/coffee", 399, 262, "bruna_coffee"),
    P("gummies_200", "pouch", (14.0, 4.0, 17.5), "Yumbino", "gummies", "", "200 g", "FFC400", "E3007B", 4, "dots", "gloss", "sweets/gums", 109, 206),
    P("trail_mix_200", "pouch", (13.0, 4.2, 18.5), "Nussberg", "trailmix", "", "200 g", "E8DCC0", "3E6B2F", 5, "bean", "satin", "snacks/nuts", 279, 208, allergens=("nuts", "peanuts")),
    P("flour_1kg", "carton", (10.2, 6.6, 15.5), "Windmark", "flour", "", "1 kg", "FFFFFF", "C8102E", 3, "grain", "matte", "pantry/baking", 79, 1008, allergens=("gluten",)),
    P("sugar_1kg", "carton", (9.6, 6.2, 13.8), "Windmark", "sugar", "", "1 kg", "FFFFFF", "2255A4", 3, "squares", "matte", "pantry/baking", 119, 1006),
    P("apple_red", "blob", (7.6, 7.6, 7.0), "", "apple", "v_red", "", "A8202A", "E0B23C", 0, "skin", "satin", "produce/fruit", 249, 180, "apples", unit="kg", plu="4015"),
    P("apple_green", "blob", (7.8, 7.8, 7.2), "", "apple", "v_green", "", "8DB63C", "C6D86A", 0, "skin", "satin", "produce/fruit", 269, 185, "apples", unit="kg", plu="4017"),
    P("orange_each", "blob", (7.8, 7.8, 7.6), "", "orange", "", "", "EE8A16", "F4A93A", 0, "peel", "satin", "produce/fruit", 59, 205, plu="3107"),
    P("lemon_each", "blob", (8.4, 6.0, 6.0), "", "lemon", "", "", "F2D021", "F7E36A", 0, "peel", "satin", "produce/fruit", 45, 120, plu="4033"),
    P("tomato_each", "blob", (6.8, 6.8, 5.6), "", "tomato", "", "", "CC2415", "D9442A", 0, "skin", "gloss", "produce/vegetables", 39, 120, plu="4799"),
    P("pepper_red", "blob", (7.8, 7.8, 9.0), "", "pepper", "v_red", "", "BE1A14", "4E7A28", 0, "skin", "gloss", "produce/vegetables", 99, 190, plu="4688"),
    P("avocado_each", "blob", (6.8, 6.8, 10.0), "", "avocado", "", "", "34421C", "4A5A26", 0, "peel", "matte", "produce/vegetables", 129, 210, plu="4225"),
    P("potato_each", "blob", (9.6, 6.4, 5.8), "", "potato", "", "", "B8935A", "9A7440", 0, "speckle", "matte", "produce/vegetables", 149, 170, unit="kg", plu="4083"),
    P("banana_each", "tube", (17.5, 6.5, 3.6), "", "banana", "", "", "F0CB30", "5A4018", 0, "speckle", "satin", "produce/fruit", 189, 150, unit="kg", plu="4011"),
    P("cucumber_each", "tube", (29.0, 4.6, 4.6), "", "cucumber", "", "", "2B5A24", "5F8A3C", 0, "stripes", "satin", "produce/vegetables", 89, 380, plu="4062"),
    P("loaf_farmhouse", "blob", (24.0, 12.0, 9.5), "", "loaf", "", "", "A8692C", "E6CFA0", 0, "crust", "matte", "bakery/bread", 349, 750, allergens=("gluten",)),
    P("baguette_each", "tube", (34.0, 6.2, 5.6), "", "baguette", "", "", "C98A40", "EBCB90", 0, "crust", "matte", "bakery/bread", 119, 250, allergens=("gluten",)),
)
# fmt: on
