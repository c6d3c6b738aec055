"""The nouns on our labels in the five languages of the kiosk.

A product's name is brand, noun, variant and size; only nouns and variants are translated.
"""

# ruff: noqa: E501  (a table reads by columns)

LANGUAGES = ("en", "de", "es", "fr", "ar")

# fmt: off
WORDS: dict[str, tuple[str, str, str, str, str]] = {
    # key          en                 de                   es                      fr                       ar
    "juice":      ("Juice",           "Saft",              "Zumo",                 "Jus",                   "عصير"),
    "milk":       ("Milk",            "Milch",             "Leche",                "Lait",                  "حليب"),
    "cereal":     ("Cereal",          "Frühstücksflocken", "Cereales",             "Céréales",              "حبوب الإفطار"),
    "tea":        ("Tea",             "Tee",               "Té",                   "Thé",                   "شاي"),
    "chocolate":  ("Chocolate",       "Schokolade",        "Chocolate",            "Chocolat",              "شوكولاتة"),
    "pasta":      ("Pasta",           "Nudeln",            "Pasta",                "Pâtes",                 "معكرونة"),
    "crackers":   ("Crackers",        "Cracker",           "Galletas saladas",     "Crackers",              "بسكويت مملح"),
    "rice":       ("Rice",            "Reis",              "Arroz",                "Riz",                   "أرز"),
    "cookies":    ("Cookies",         "Kekse",             "Galletas",             "Biscuits",              "بسكويت"),
    "toothpaste": ("Toothpaste",      "Zahnpasta",         "Dentífrico",           "Dentifrice",            "معجون أسنان"),
    "soap":       ("Soap bar",        "Seifenstück",       "Jabón",                "Savon",                 "صابون"),
    "tissues":    ("Tissues",         "Taschentücher",     "Pañuelos",             "Mouchoirs",             "مناديل"),
    "cola":       ("Cola",            "Cola",              "Cola",                 "Cola",                  "كولا"),
    "lemonade":   ("Lemonade",        "Limonade",          "Limonada",             "Limonade",              "ليموناضة"),
    "beer":       ("Lager beer",      "Lagerbier",         "Cerveza lager",        "Bière blonde",          "بيرة"),
    "soup":       ("Soup",            "Suppe",             "Sopa",                 "Soupe",                 "حساء"),
    "tuna":       ("Tuna",            "Thunfisch",         "Atún",                 "Thon",                  "تونة"),
    "beans":      ("Baked beans",     "Gebackene Bohnen",  "Alubias",              "Haricots blancs",       "فاصولياء"),
    "corn":       ("Sweetcorn",       "Zuckermais",        "Maíz dulce",           "Maïs doux",             "ذرة حلوة"),
    "water":      ("Water",           "Wasser",            "Agua",                 "Eau",                   "ماء"),
    "wine":       ("Wine",            "Wein",              "Vino",                 "Vin",                   "نبيذ"),
    "ketchup":    ("Ketchup",         "Ketchup",           "Kétchup",              "Ketchup",               "كاتشب"),
    "oil":        ("Olive oil",       "Olivenöl",          "Aceite de oliva",      "Huile d'olive",         "زيت زيتون"),
    "shampoo":    ("Shampoo",         "Shampoo",           "Champú",               "Shampooing",            "شامبو"),
    "dishsoap":   ("Dish soap",       "Spülmittel",        "Lavavajillas",         "Liquide vaisselle",     "سائل جلي"),
    "jam":        ("Jam",             "Konfitüre",         "Mermelada",            "Confiture",             "مربى"),
    "honeyjar":   ("Honey",           "Honig",             "Miel",                 "Miel",                  "عسل"),
    "pickles":    ("Gherkins",        "Gewürzgurken",      "Pepinillos",           "Cornichons",            "خيار مخلل"),
    "spread":     ("Hazelnut spread", "Haselnusscreme",    "Crema de avellanas",   "Pâte à tartiner",       "كريمة البندق"),
    "mustard":    ("Mustard",         "Senf",              "Mostaza",              "Moutarde",              "خردل"),
    "yoghurt":    ("Yoghurt",         "Joghurt",           "Yogur",                "Yaourt",                "زبادي"),
    "chips":      ("Crisps",          "Chips",             "Patatas fritas",       "Chips",                 "رقائق البطاطس"),
    "coffee":     ("Ground coffee",   "Kaffee gemahlen",   "Café molido",          "Café moulu",            "قهوة مطحونة"),
    "gummies":    ("Fruit gums",      "Fruchtgummi",       "Gominolas",            "Bonbons gélifiés",      "حلوى هلامية"),
    "trailmix":   ("Trail mix",       "Studentenfutter",   "Frutos secos",         "Mélange de noix",       "مكسرات مشكلة"),
    "flour":      ("Wheat flour",     "Weizenmehl",        "Harina de trigo",      "Farine de blé",         "دقيق القمح"),
    "sugar":      ("Sugar",           "Zucker",            "Azúcar",               "Sucre",                 "سكر"),
    "apple":      ("Apple",           "Apfel",             "Manzana",              "Pomme",                 "تفاح"),
    "banana":     ("Banana",          "Banane",            "Plátano",              "Banane",                "موز"),
    "tomato":     ("Tomato",          "Tomate",            "Tomate",               "Tomate",                "طماطم"),
    "cucumber":   ("Cucumber",        "Salatgurke",        "Pepino",               "Concombre",             "خيار"),
    "loaf":       ("Farmhouse loaf",  "Bauernbrot",        "Hogaza",               "Pain de campagne",      "رغيف خبز"),
    "lemon":      ("Lemon",           "Zitrone",           "Limón",                "Citron",                "ليمون"),
    "orange":     ("Orange",          "Orange",            "Naranja",              "Orange",                "برتقال"),
    "pepper":     ("Pepper",          "Paprika",           "Pimiento",             "Poivron",               "فلفل"),
    "avocado":    ("Avocado",         "Avocado",           "Aguacate",             "Avocat",                "أفوكادو"),
    "potato":     ("Potato",          "Kartoffel",         "Patata",               "Pomme de terre",        "بطاطس"),
    "baguette":   ("Baguette",        "Baguette",          "Baguette",             "Baguette",              "خبز فرنسي"),
    # variants
    "":           ("",                "",                  "",                     "",                      ""),
    "v_multi":    ("Multifruit",      "Multifrucht",       "Multifrutas",          "Multifruits",           "فواكه مشكلة"),
    "v_whole":    ("Whole 3.5 %",     "Voll 3,5 %",        "Entera 3,5 %",         "Entier 3,5 %",          "كامل الدسم"),
    "v_low":      ("Low-fat 1.5 %",   "Fettarm 1,5 %",     "Semidesnatada 1,5 %",  "Demi-écrémé 1,5 %",     "قليل الدسم"),
    "v_honey":    ("Honey",           "Honig",             "Miel",                 "Miel",                  "بالعسل"),
    "v_choco":    ("Chocolate",       "Schoko",            "Chocolate",            "Chocolat",              "بالشوكولاتة"),
    "v_classic":  ("Classic",         "Classic",           "Clásico",              "Classique",             "كلاسيك"),
    "v_mint":     ("Mint",            "Minze",             "Menta",                "Menthe",                "بالنعناع"),
    "v_chamo":    ("Chamomile",       "Kamille",           "Manzanilla",           "Camomille",             "بابونج"),
    "v_berry":    ("Wild berry",      "Waldbeere",         "Frutos del bosque",    "Fruits des bois",       "توت بري"),
    "v_milkch":   ("Milk",            "Vollmilch",         "Con leche",            "Lait",                  "بالحليب"),
    "v_dark":     ("Dark 70 %",       "Zartbitter 70 %",   "Negro 70 %",           "Noir 70 %",             "داكنة 70 %"),
    "v_hazel":    ("Hazelnut",        "Haselnuss",         "Avellana",             "Noisette",              "بالبندق"),
    "v_penne":    ("Penne",           "Penne",             "Macarrones",           "Penne",                 "بيني"),
    "v_fusilli":  ("Fusilli",         "Fusilli",           "Hélices",              "Fusilli",               "فوسيلي"),
    "v_zero":     ("Zero",            "Zero",              "Zero",                 "Zéro",                  "زيرو"),
    "v_orange":   ("Orange",          "Orange",            "Naranja",              "Orange",                "برتقال"),
    "v_apple":    ("Apple",           "Apfel",             "Manzana",              "Pomme",                 "تفاح"),
    "v_tomato":   ("Tomato",          "Tomate",            "Tomate",               "Tomate",                "طماطم"),
    "v_lentil":   ("Lentil",          "Linsen",            "Lentejas",             "Lentilles",             "عدس"),
    "v_inoil":    ("in oil",          "in Öl",             "en aceite",            "à l'huile",             "في الزيت"),
    "v_brine":    ("in brine",        "im eigenen Saft",   "al natural",           "au naturel",            "في الماء"),
    "v_still":    ("Still",           "Still",             "Sin gas",              "Plate",                 "بدون غاز"),
    "v_sparkle":  ("Sparkling",       "Sprudelnd",         "Con gas",              "Gazeuse",               "فوارة"),
    "v_red":      ("Red",             "Rot",               "Tinto",                "Rouge",                 "أحمر"),
    "v_white":    ("White",           "Weiß",              "Blanco",               "Blanc",                 "أبيض"),
    "v_green":    ("Green",           "Grün",              "Verde",                "Vert",                  "أخضر"),
    "v_straw":    ("Strawberry",      "Erdbeere",          "Fresa",                "Fraise",                "فراولة"),
    "v_apricot":  ("Apricot",         "Aprikose",          "Albaricoque",          "Abricot",               "مشمش"),
    "v_salt":     ("Sea salt",        "Meersalz",          "Sal marina",           "Sel marin",             "ملح البحر"),
    "v_paprika":  ("Paprika",         "Paprika",           "Pimentón",             "Paprika",               "بابريكا"),
    "v_mild":     ("Mild",            "Mild",              "Suave",                "Doux",                  "خفيفة"),
    "v_strong":   ("Strong",          "Kräftig",           "Intenso",              "Corsé",                 "قوية"),
    "v_aloe":     ("Aloe",            "Aloe",              "Aloe",                 "Aloès",                 "ألوفيرا"),
    "v_repair":   ("Repair",          "Repair",            "Reparador",            "Réparateur",            "إصلاح"),
}
# fmt: on


def names_of(brand: str, noun: str, variant: str, size_text: str) -> dict[str, str]:
    """The product's name per language."""
    return {
        language: " ".join(
            part for part in (brand, WORDS[noun][i], WORDS[variant][i], size_text) if part
        )
        for i, language in enumerate(LANGUAGES)
    }
