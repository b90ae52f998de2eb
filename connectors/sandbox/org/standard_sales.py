"""Standard objects of selling: accounts, contacts, opportunities, products, orders, contracts."""

from __future__ import annotations

from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.org.standard_fields import (
    address,
    area,
    day,
    email,
    flag,
    instant,
    lookup,
    make,
    money,
    number,
    numbered,
    owner,
    percent,
    phone,
    picklist,
    read_only,
    text,
    url,
    whole,
)

_INDUSTRIES = (
    "Agriculture", "Apparel", "Banking", "Biotechnology", "Chemicals", "Communications", "Construction",
    "Consulting", "Education", "Electronics", "Energy", "Engineering", "Entertainment", "Environmental",
    "Finance", "Food & Beverage", "Government", "Healthcare", "Hospitality", "Insurance", "Machinery",
    "Manufacturing", "Media", "Not For Profit", "Recreation", "Retail", "Shipping", "Technology",
    "Telecommunications", "Transportation", "Utilities", "Other",
)  # fmt: skip
_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
_ACCOUNT_TYPES = (
    "Prospect", "Customer - Direct", "Customer - Channel", "Channel Partner / Reseller",
    "Installation Partner", "Technology Partner", "Other",
)  # fmt: skip

#: stage -> (closed, won, probability, forecast category)
STAGES = {
    "Prospecting": (False, False, 10, "Pipeline"),
    "Qualification": (False, False, 10, "Pipeline"),
    "Needs Analysis": (False, False, 20, "Pipeline"),
    "Value Proposition": (False, False, 50, "Pipeline"),
    "Id. Decision Makers": (False, False, 60, "Pipeline"),
    "Perception Analysis": (False, False, 70, "Pipeline"),
    "Proposal/Price Quote": (False, False, 75, "Best Case"),
    "Negotiation/Review": (False, False, 90, "Commit"),
    "Closed Won": (True, True, 100, "Closed"),
    "Closed Lost": (True, False, 0, "Omitted"),
}


def _record_type() -> FieldDef:
    return lookup("RecordTypeId", "Record Type ID", "RecordType")


ACCOUNT = make("Account", "Account", "Accounts", "001", [
    read_only(lookup("MasterRecordId", "Master Record ID", "Account"), calculated=False),
    text("Name", "Account Name", required=True),
    picklist("Type", "Account Type", *_ACCOUNT_TYPES),
    _record_type(),
    lookup("ParentId", "Parent Account ID", "Account", children="ChildAccounts"),
    *address("Billing", "Billing"),
    *address("Shipping", "Shipping"),
    phone("Phone", "Account Phone"),
    phone("Fax", "Account Fax"),
    text("AccountNumber", "Account Number", 40),
    url("Website", "Website"),
    text("Sic", "SIC Code", 20),
    picklist("Industry", "Industry", *_INDUSTRIES),
    money("AnnualRevenue", "Annual Revenue", 0),
    whole("NumberOfEmployees", "Employees"),
    picklist("Ownership", "Ownership", "Public", "Private", "Subsidiary", "Other"),
    text("TickerSymbol", "Ticker Symbol", 20),
    area("Description", "Account Description"),
    picklist("Rating", "Account Rating", "Hot", "Warm", "Cold"),
    text("Site", "Account Site", 80),
    owner(),
    picklist("AccountSource", "Account Source", *_SOURCES),
])  # fmt: skip

CONTACT = make("Contact", "Contact", "Contacts", "003", [
    read_only(lookup("MasterRecordId", "Master Record ID", "Contact"), calculated=False),
    lookup("AccountId", "Account ID", "Account", children="Contacts", on_delete="cascade"),
    text("LastName", "Last Name", 80, required=True),
    text("FirstName", "First Name", 40),
    picklist("Salutation", "Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."),
    read_only(text("Name", "Full Name", 121)),
    *address("Mailing", "Mailing"),
    phone("Phone", "Business Phone"),
    phone("MobilePhone", "Mobile Phone"),
    lookup("ReportsToId", "Reports To ID", "Contact"),
    email(),
    text("Title", "Title", 128),
    text("Department", "Department", 80),
    picklist("LeadSource", "Lead Source", *_SOURCES),
    area("Description", "Contact Description"),
    owner(),
])  # fmt: skip

OPPORTUNITY = make("Opportunity", "Opportunity", "Opportunities", "006", [
    lookup("AccountId", "Account ID", "Account", children="Opportunities", on_delete="cascade"),
    _record_type(),
    text("Name", "Name", 120, required=True),
    area("Description", "Description"),
    picklist("StageName", "Stage", *STAGES, required=True),
    money("Amount", "Amount"),
    percent("Probability", "Probability (%)"),
    read_only(money("ExpectedRevenue", "Expected Amount")),
    number("TotalOpportunityQuantity", "Quantity", 18, 2),
    day("CloseDate", "Close Date", required=True),
    picklist("Type", "Opportunity Type", "Existing Customer - Upgrade", "Existing Customer - Replacement",
             "Existing Customer - Downgrade", "New Customer"),
    text("NextStep", "Next Step"),
    picklist("LeadSource", "Lead Source", *_SOURCES),
    read_only(flag("IsClosed", "Closed")),
    read_only(flag("IsWon", "Won")),
    read_only(picklist("ForecastCategory", "Forecast Category", "Omitted", "Pipeline", "BestCase", "Forecast",
                       "Closed", restricted=True)),
    picklist("ForecastCategoryName", "Forecast Category", "Omitted", "Pipeline", "Best Case", "Commit",
             "Closed"),
    read_only(flag("HasOpportunityLineItem", "Has Line Item")),
    lookup("Pricebook2Id", "Price Book ID", "Pricebook2"),
    owner(),
    lookup("ContactId", "Contact ID", "Contact"),
    read_only(whole("FiscalYear", "Fiscal Year", 9)),
    read_only(whole("FiscalQuarter", "Fiscal Quarter", 9)),
])  # fmt: skip

OPPORTUNITY_LINE = make("OpportunityLineItem", "Opportunity Product", "Opportunity Products", "00k", [
    lookup("OpportunityId", "Opportunity ID", "Opportunity", children="OpportunityLineItems",
           on_delete="cascade", required=True, updateable=False),
    lookup("PricebookEntryId", "Price Book Entry ID", "PricebookEntry", children="OpportunityLineItems",
           on_delete="restrict", updateable=False),
    lookup("Product2Id", "Product ID", "Product2", children="OpportunityLineItems", on_delete="restrict",
           updateable=False),
    read_only(text("ProductCode", "Product Code")),
    read_only(text("Name", "Opportunity Product Name", 376)),
    number("Quantity", "Quantity", 18, 2, required=True),
    money("UnitPrice", "Sales Price"),
    read_only(money("ListPrice", "List Price")),
    read_only(money("TotalPrice", "Total Price")),
    day("ServiceDate", "Date"),
    text("Description", "Line Description"),
])  # fmt: skip

PRODUCT = make("Product2", "Product", "Products", "01t", [
    text("Name", "Product Name", required=True),
    text("ProductCode", "Product Code"),
    area("Description", "Product Description", 4000),
    flag("IsActive", "Active"),
    picklist("Family", "Product Family", "None"),
    text("StockKeepingUnit", "Product SKU", 180),
    text("ExternalId", "External ID"),
    url("DisplayUrl", "Display URL"),
    picklist("QuantityUnitOfMeasure", "Quantity Unit Of Measure", "Each"),
])  # fmt: skip

PRICEBOOK = make("Pricebook2", "Price Book", "Price Books", "01s", [
    text("Name", "Price Book Name", required=True),
    flag("IsActive", "Active"),
    text("Description", "Description"),
    read_only(flag("IsStandard", "Is Standard Price Book"), calculated=False),
])  # fmt: skip

PRICEBOOK_ENTRY = make("PricebookEntry", "Price Book Entry", "Price Book Entries", "01u", [
    read_only(text("Name", "Product Name")),
    lookup("Pricebook2Id", "Price Book ID", "Pricebook2", children="PricebookEntries", on_delete="cascade",
           required=True, updateable=False),
    lookup("Product2Id", "Product ID", "Product2", children="PricebookEntries", on_delete="cascade",
           required=True, updateable=False),
    money("UnitPrice", "List Price", required=True),
    flag("IsActive", "Active"),
    flag("UseStandardPrice", "Use Standard Price"),
    read_only(text("ProductCode", "Product Code")),
])  # fmt: skip

ORDER = make("Order", "Order", "Orders", "801", [
    owner(),
    lookup("ContractId", "Contract ID", "Contract", children="Orders"),
    lookup("AccountId", "Account ID", "Account", children="Orders", on_delete="restrict", required=True),
    lookup("Pricebook2Id", "Price Book ID", "Pricebook2"),
    day("EffectiveDate", "Order Start Date", required=True),
    day("EndDate", "Order End Date"),
    picklist("Status", "Status", "Draft", "Activated", required=True, default="Draft"),
    area("Description", "Description"),
    text("PoNumber", "PO Number", 80),
    text("OrderReferenceNumber", "Order Reference Number", 80),
    picklist("Type", "Order Type"),
    *address("Billing", "Billing"),
    *address("Shipping", "Shipping"),
    instant("ActivatedDate", "Activated Date", createable=False, updateable=False),
    read_only(picklist("StatusCode", "Status Category", "Draft", "Activated", restricted=True)),
    numbered("OrderNumber", "Order Number", "{00000000}"),
    read_only(money("TotalAmount", "Order Amount")),
])  # fmt: skip

ORDER_ITEM = make("OrderItem", "Order Product", "Order Products", "802", [
    lookup("Product2Id", "Product ID", "Product2", children="OrderItems", on_delete="restrict",
           updateable=False),
    lookup("OrderId", "Order ID", "Order", children="OrderItems", on_delete="cascade", required=True,
           updateable=False),
    lookup("PricebookEntryId", "Price Book Entry ID", "PricebookEntry", children="OrderItems",
           on_delete="restrict", updateable=False),
    numbered("OrderItemNumber", "Order Product Number", "{0000000000}"),
    number("Quantity", "Quantity", 18, 2, required=True),
    money("UnitPrice", "Unit Price"),
    read_only(money("ListPrice", "List Price")),
    read_only(money("TotalPrice", "Total Price")),
    day("ServiceDate", "Start Date"),
    day("EndDate", "End Date"),
    text("Description", "Line Description"),
])  # fmt: skip

CONTRACT = make("Contract", "Contract", "Contracts", "800", [
    lookup("AccountId", "Account ID", "Account", children="Contracts", on_delete="cascade", required=True),
    lookup("Pricebook2Id", "Price Book ID", "Pricebook2"),
    day("StartDate", "Contract Start Date"),
    day("EndDate", "Contract End Date", createable=False, updateable=False),
    whole("ContractTerm", "Contract Term", 9),
    owner(),
    picklist("Status", "Status", "In Approval Process", "Activated", "Draft", required=True, default="Draft"),
    read_only(picklist("StatusCode", "Status Category", "Draft", "InApproval", "Activated", restricted=True)),
    area("Description", "Description"),
    text("Name", "Contract Name", 80),
    numbered("ContractNumber", "Contract Number", "{00000000}"),
    instant("ActivatedDate", "Activated Date", createable=False, updateable=False),
])  # fmt: skip

SALES: tuple[ObjectDef, ...] = (
    ACCOUNT, CONTACT, OPPORTUNITY, OPPORTUNITY_LINE, PRODUCT, PRICEBOOK, PRICEBOOK_ENTRY, ORDER, ORDER_ITEM,
    CONTRACT,
)  # fmt: skip
