"""Microsoft Teams, through a workflow that starts "when a Teams webhook request is received".

The connectors of Office 365, which took MessageCards, were retired; a workflow takes Adaptive Cards.
"""
