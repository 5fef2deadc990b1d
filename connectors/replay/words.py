"""The data set's product categories, as a Chinese seller would file and name them.

Plain data: CATEGORIES (what a category means for storage) and FILED (product_category of the
data set → category, Chinese name). What is not listed here is not sold in the replay.
"""

from __future__ import annotations

from typing import NamedTuple


class Category(NamedTuple):
    """How goods of a category are kept. Days of shelf life or None; kg per litre as packed."""

    name: str
    name_zh: str
    shelf_life: int | None
    near_expiry: int
    density: float
    cold: bool = False


CATEGORIES: dict[str, Category] = {
    row.name: row
    for row in (
        Category("Drinks", "饮料", 365, 7, 0.9),
        Category("Dairy and eggs", "乳品蛋类", 35, 2, 0.9, cold=True),
        Category("Bakery", "烘焙", 14, 1, 0.3),
        Category("Snacks", "零食", 240, 7, 0.2),
        Category("Confectionery", "糖果", 360, 7, 0.5),
        Category("Fresh meat", "鲜肉", 16, 1, 0.9, cold=True),
        Category("Chilled food", "冷藏食品", 60, 3, 0.8, cold=True),
        Category("Frozen food", "冷冻食品", 300, 7, 0.6, cold=True),
        Category("Produce", "果蔬", 18, 1, 0.5, cold=True),
        Category("Canned food", "罐头", 730, 7, 0.9),
        Category("Staples", "粮食面点", 400, 7, 0.5),
        Category("Cooking and baking", "调味烘焙料", 500, 7, 0.8),
        Category("Coffee and tea", "咖啡茶", 400, 7, 0.4),
        Category("Paper goods", "纸品", None, 7, 0.12),
        Category("Household", "家居清洁", None, 7, 0.7),
        Category("Pet care", "宠物", 540, 7, 0.6),
        Category("Baby", "母婴", 400, 7, 0.4),
        Category("Health and beauty", "健康美妆", 900, 14, 0.5),
        Category("Alcohol", "酒类", None, 7, 0.8),
        Category("General merchandise", "百货", None, 7, 0.3),
    )
}

_FILED = """
Drinks: SOFT DRINKS=汽水; CANNED JUICES=果汁; WATER - CARBONATED/FLVRD DRINK=饮用水; WATER=矿泉水
Drinks: PWDR/CRYSTL DRNK MX=固体饮料; ISOTONIC DRINKS=运动饮料; JUICE=果汁
Drinks: NON-DAIRY BEVERAGES=植物饮料
Dairy and eggs: FLUID MILK PRODUCTS=鲜牛奶; CHEESE=奶酪; YOGURT=酸奶; EGGS=鸡蛋
Dairy and eggs: MILK BY-PRODUCTS=乳制品; MARGARINES=人造黄油; BUTTER=黄油; MISC. DAIRY=乳品
Dairy and eggs: REFRIGERATED=冷藏乳品
Bakery: BAKED BREAD/BUNS/ROLLS=面包; BAKED SWEET GOODS=糕点; BREAD=欧式面包; ROLLS=餐包; PIES=派
Bakery: BREAKFAST SWEETS=早餐甜点; CAKES=蛋糕; COOKIES=曲奇; SWEET GOODS & SNACKS=甜点
Snacks: BAG SNACKS=袋装薯片; CRACKERS/MISC BKD FD=饼干; CONVENIENT BRKFST/WHLSM SNACKS=谷物棒
Snacks: COOKIES/CONES=曲奇饼干; WAREHOUSE SNACKS=量贩零食; SNACK NUTS=坚果; POPCORN=爆米花
Snacks: NUTS=坚果; CHIPS&SNACKS=健康零食; RICE CAKES=米饼; DRIED FRUIT=果干
Snacks: PACKAGED NATURAL SNACKS=天然零食; SNKS/CKYS/CRKR/CNDY=零食
Confectionery: CANDY - CHECKLANE=糖果; CANDY - PACKAGED=袋装糖果
Fresh meat: BEEF=牛肉; CHICKEN=鸡肉; PORK=猪肉; SMOKED MEATS=熏肉; TURKEY=火鸡; MEAT - MISC=肉制品
Fresh meat: SEAFOOD-FRESH=鲜水产; EXOTIC GAME/FOWL=禽肉
Chilled food: LUNCHMEAT=午餐肉片; HOT DOGS=热狗肠; BACON=培根; BREAKFAST SAUSAGE/SANDWICHES=早餐肠
Chilled food: DINNER SAUSAGE=香肠; HEAT/SERVE=即热食品; REFRGRATD DOUGH PRODUCTS=冷藏面团
Chilled food: REFRGRATD JUICES/DRNKS=冷藏果汁; SEAFOOD - MISC=水产制品
Frozen food: FRZN MEAT/MEAT DINNERS=冷冻套餐; FROZEN PIZZA=冷冻披萨
Frozen food: FRZN VEGETABLE/VEG DSH=冷冻蔬菜; ICE CREAM/MILK/SHERBTS=冰淇淋
Frozen food: FRZN NOVELTIES/WTR ICE=雪糕; FRZN POTATOES=冷冻薯条; FRZN BREAKFAST FOODS=冷冻早餐
Frozen food: FROZEN MEAT=冻肉; FROZEN BREAD/DOUGH=冷冻面团; FROZEN PIE/DESSERTS=冷冻甜点
Frozen food: SEAFOOD - FROZEN=冻水产; FRZN JCE CONC/DRNKS=冷冻果汁; FRZN FRUITS=冷冻水果
Frozen food: FROZEN CHICKEN=冻鸡; FROZEN=冷冻食品
Produce: TROPICAL FRUIT=热带水果; VEGETABLES - ALL OTHERS=蔬菜; SALAD MIX=沙拉菜; ONIONS=洋葱
Produce: TOMATOES=番茄; POTATOES=土豆; APPLES=苹果; BERRIES=莓果; CITRUS=柑橘
Produce: VEGETABLES SALAD=生菜; GRAPES=葡萄; CORN=玉米; PEPPERS-ALL=辣椒; CARROTS=胡萝卜
Produce: STONE FRUIT=核果; VALUE ADDED FRUIT=鲜切水果; MELONS=瓜类; BROCCOLI/CAULIFLOWER=西兰花
Produce: MUSHROOMS=菌菇; ORGANICS FRUIT & VEGETABLES=有机果蔬; HERBS=香草; SQUASH=南瓜; PEARS=梨
Produce: PROCESSED=净菜; VALUE ADDED VEGETABLES=鲜切蔬菜
Canned food: SOUP=汤罐头; VEGETABLES - SHELF STABLE=蔬菜罐头; MEAT - SHELF STABLE=肉罐头
Canned food: FRUIT - SHELF STABLE=水果罐头; BEANS - CANNED GLASS & MW=豆罐头
Canned food: SEAFOOD - SHELF STABLE=鱼罐头; CANNED MILK=炼乳; OLIVES=橄榄
Canned food: PICKLE/RELISH/PKLD VEG=腌菜
Staples: COLD CEREAL=麦片; DINNER MXS:DRY=速食面; DRY BN/VEG/POTATO/RICE=米豆
Staples: DRY NOODLES/PASTA=面条; HOT CEREAL=燕麦; HISPANIC=墨西哥食品; FLOUR & MEALS=面粉
Staples: CEREAL/BREAKFAST=健康麦片; PREPARED/PKGD FOODS=方便食品
Cooking and baking: CONDIMENTS/SAUCES=调味酱; SALD DRSNG/SNDWCH SPRD=沙拉酱; PASTA SAUCE=意面酱
Cooking and baking: SUGARS/SWEETNERS=糖; BAKING MIXES=烘焙预拌粉; BAKING NEEDS=烘焙原料
Cooking and baking: SHORTENING/OIL=食用油; PNT BTR/JELLY/JAMS=花生酱果酱; SPICES & EXTRACTS=香料
Cooking and baking: DRY SAUCES/GRAVY=调味粉; DRY MIX DESSERTS=甜点粉
Cooking and baking: MOLASSES/SYRUP/PANCAKE MIXS=糖浆; CONDIMENTS=调味料
Coffee and tea: COFFEE=咖啡; TEAS=茶; COCOA MIXES=可可; COFFEE FILTERS=咖啡滤纸
Paper goods: BATH TISSUES=卫生纸; PAPER TOWELS=厨房纸; FACIAL TISS/DNR NAPKIN=面巾纸
Paper goods: PAPER HOUSEWARES=纸餐具
Household: FD WRAPS/BAGS/TRSH BG=保鲜膜袋; LAUNDRY DETERGENTS=洗衣液; DISHWASH DETERGENTS=洗洁精
Household: BLEACH=漂白剂; HOUSEHOLD CLEANG NEEDS=清洁剂; LAUNDRY ADDITIVES=柔顺剂
Household: AIR CARE=空气清新剂; BROOMS AND MOPS=拖把; INSECTICIDES=杀虫剂
Pet care: CAT FOOD=猫粮; DOG FOODS=狗粮; CAT LITTER=猫砂
Baby: BABY FOODS=婴儿辅食; INFANT FORMULA=婴儿奶粉; DIAPERS & DISPOSABLES=纸尿裤
Baby: BABY HBC=婴儿护理; INFANT CARE PRODUCTS=婴儿用品; BABYFOOD=有机辅食
Health and beauty: VITAMINS=维生素; MAKEUP AND TREATMENT=彩妆; FRAGRANCES=香水
Health and beauty: HAIR CARE PRODUCTS=洗护发; ORAL HYGIENE PRODUCTS=口腔护理
Health and beauty: SOAP - LIQUID & BAR=香皂; FEMININE HYGIENE=卫生巾; DEODORANTS=止汗剂
Health and beauty: SHAVING CARE PRODUCTS=剃须护理; HAND/BODY/FACIAL PRODUCTS=护肤
Health and beauty: FIRST AID PRODUCTS=急救用品; BATH=沐浴; COSMETIC ACCESSORIES=美妆工具
Health and beauty: FITNESS&DIET=健身营养; ADULT INCONTINENCE=成人护理; NATURAL VITAMINS=天然维生素
Alcohol: BEERS/ALES=啤酒; DOMESTIC WINE=葡萄酒; IMPORTED WINE=进口葡萄酒; LIQUOR=烈酒
Alcohol: MISC WINE=果酒
General merchandise: ELECTRICAL SUPPPLIES=电料; BATTERIES=电池; TOYS AND GAMES=玩具
General merchandise: PLASTIC HOUSEWARES=塑料家居; KITCHEN GADGETS=厨具; COOKWARE & BAKEWARE=锅具
General merchandise: CANDLES/ACCESSORIES=蜡烛; CHARCOAL AND LIGHTER FLUID=木炭
General merchandise: HARDWARE SUPPLIES=五金; STATIONERY & SCHOOL SUPPLIES=文具
General merchandise: DISPOSIBLE FOILWARE=铝箔餐具; DOMESTIC GOODS=家纺
"""

FILED: dict[str, tuple[Category, str]] = {
    source: (CATEGORIES[category], zh)
    for category, entries in (line.split(": ", 1) for line in _FILED.strip().splitlines())
    for source, zh in (entry.split("=") for entry in entries.split("; "))
}

FRAGILE = frozenset(
    {
        "EGGS", "OLIVES", "PICKLE/RELISH/PKLD VEG", "PASTA SAUCE", "BEERS/ALES", "DOMESTIC WINE",
        "IMPORTED WINE", "LIQUOR", "MISC WINE", "FRAGRANCES", "BERRIES", "CANDLES/ACCESSORIES",
        "COOKWARE & BAKEWARE", "ELECTRICAL SUPPPLIES", "CAKES", "PIES",
    }
)  # fmt: skip
HIGH_VALUE = frozenset({"LIQUOR", "INFANT FORMULA", "FRAGRANCES", "IMPORTED WINE", "VITAMINS"})
BONDED = frozenset({"INFANT FORMULA", "IMPORTED WINE", "FRAGRANCES", "MAKEUP AND TREATMENT"})
SOUGHT = HIGH_VALUE | BONDED | {"DOMESTIC WINE", "DIAPERS & DISPOSABLES", "NATURAL VITAMINS"}
"""Rare in the data, but what a seller watches most: a smaller sale gets these onto the list."""
WEIGHED = frozenset(
    {"BEEF", "CHICKEN", "PORK", "SMOKED MEATS", "TURKEY", "SEAFOOD-FRESH", "EXOTIC GAME/FOWL"}
)
"""Sold by the kilogram."""
LIQUID = frozenset({"Drinks", "Dairy and eggs", "Alcohol"})
